import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningServer } from './start-server.ts';
import { findPlace, runServer } from './start-server.ts';

/** Critical alerts inhibit warnings of the same name; all go to `team`, those of the shop to `shop` instead. */
const CONFIG = {
  route: { receiver: 'team', group_by: ['alertname'], routes: [{ receiver: 'shop', matchers: ['team="shop"'] }] },
  receivers: [{ name: 'team' }, { name: 'shop' }],
  inhibit_rules: [
    { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: ['alertname'] },
  ],
};

/** `correct horse`, hashed with bcrypt at its lowest cost. */
const PASSWORD_HASH = '$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e';

/** An Alertmanager of its own on a free port and a temporary folder, alone in its cluster, below `/am`, by default with a password. */
export async function startAlertmanager({ password = true } = {}): Promise<RunningServer> {
  const { folder, port, url } = await findPlace();
  // YAML takes JSON as it is.
  writeFileSync(join(folder, 'alertmanager.yml'), JSON.stringify(CONFIG));
  writeFileSync(join(folder, 'web.yml'), JSON.stringify({ basic_auth_users: { ann: PASSWORD_HASH } }));
  const args = [
    '--config.file=alertmanager.yml',
    '--storage.path=data',
    '--cluster.listen-address=',
    ...(password ? ['--web.config.file=web.yml'] : []),
    '--web.route-prefix=/am',
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  return runServer({ program: 'prometheus-alertmanager', args, folder, url: `${url}/am`, ready: '/-/ready' });
}
