import type { ConnectorService } from '@automate/contract';
import type { Finding } from './finding.ts';

/** The hosts that share a store, as one that runs finds them: whether it reaches each of the others, and whether all have the same packages and configuration. */
export async function checkHosts(service: ConnectorService): Promise<readonly Finding[]> {
  const [hosts, { missing = [] }] = await Promise.all([service.listHosts(), service.getStats()]);
  const findings = hosts.map(({ id, name, address = 'no address', drift, configDrift }): Finding => {
    const check = `host ${id}`;
    const where = `${name} at ${address}`;
    const unheard = missing.find(({ host }) => host === id);
    if (unheard !== undefined) {
      const remedy =
        'see that it runs, that its ADVERTISE_ADDRESS is one that this machine reaches, and that its MASTER_KEY_FILE is that of all others';
      return { check, state: 'failed', message: `${where}: ${unheard.why}`, remedy };
    }
    if (drift.length > 0 || configDrift.length > 0) {
      const has = drift.map(({ package: of, version }) => (version === undefined ? `no ${of}` : `${of} ${version}`));
      const says = configDrift.map(({ part, form }) => (form === undefined ? `no ${part}` : part));
      const unlike = [
        ...(has.length === 0 ? [] : [`has ${has.join(', ')}`]),
        ...(says.length === 0 ? [] : [`its file has ${says.join(', ')}`]),
      ];
      const remedy = [
        ...(has.length === 0 ? [] : ['install the same packages at each host, in the same versions']),
        ...(says.length === 0 ? [] : ['give each host the same configuration file']),
      ];
      const message = `${where}, unlike others: ${unlike.join('; ')}`;
      return { check, state: 'warning', message, remedy: remedy.join('; ') };
    }
    return { check, state: 'ok', message: where };
  });
  return findings;
}
