import { answers } from '@automate/tooling/start-program';
import type { RunningServer } from './start-server.ts';
import { startServer } from './start-server.ts';

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
export function startAlertmanager({
  password = true,
  config = CONFIG,
}: { readonly password?: boolean; readonly config?: object } = {}): Promise<RunningServer> {
  return startServer(
    {
      command: 'prometheus-alertmanager',
      setUp(place) {
        // YAML takes JSON as it is.
        place.write('alertmanager.yml', JSON.stringify(config));
        place.write('web.yml', JSON.stringify({ basic_auth_users: { ann: PASSWORD_HASH } }));
        return [
          '--config.file=alertmanager.yml',
          '--storage.path=data',
          '--cluster.listen-address=',
          ...(password ? ['--web.config.file=web.yml'] : []),
          '--web.route-prefix=/am',
          `--web.listen-address=127.0.0.1:${place.port}`,
        ];
      },
      isReady: answers('/am/-/ready'),
    },
    '/am',
  );
}
