import type { ConnectorService } from '@automate/contract';
import type { Finding } from './finding.ts';

/** The hosts that share a store, as one that runs finds them: whether it reaches each of the others, and whether all have the same packages. */
export async function checkHosts(service: ConnectorService): Promise<readonly Finding[]> {
  const [hosts, { missing = [] }] = await Promise.all([service.listHosts(), service.getStats()]);
  const findings = hosts.map(({ id, name, address = 'no address', drift }): Finding => {
    const check = `host ${id}`;
    const where = `${name} at ${address}`;
    const unheard = missing.find(({ host }) => host === id);
    if (unheard !== undefined) {
      const remedy =
        'see that it runs, that its ADVERTISE_ADDRESS is one that this machine reaches, and that its MASTER_KEY_FILE is that of all others';
      return { check, state: 'failed', message: `${where}: ${unheard.why}`, remedy };
    }
    if (drift.length > 0) {
      const has = drift.map(({ package: of, version }) => (version === undefined ? `no ${of}` : `${of} ${version}`));
      const remedy = 'install the same packages at each host, in the same versions';
      return { check, state: 'warning', message: `${where} has ${has.join(', ')}, unlike others`, remedy };
    }
    return { check, state: 'ok', message: where };
  });
  return findings;
}
