import { isOnPath } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { listens, startProgram } from '@automate/tooling/start-program';

export const tinyproxyService = {
  name: 'tinyproxy',
  available: () => isOnPath('tinyproxy'),
  remedy: 'apt-get install --no-install-recommends tinyproxy-bin',
};

/** A real proxy of another make, which lets `ann` through with the password `secret`, and prints what it is asked for. */
export function startTinyproxy(): Promise<Program> {
  return startProgram({
    command: 'tinyproxy',
    setUp(place) {
      const config = `Port ${place.port}\nListen 127.0.0.1\nTimeout 600\nAllow 127.0.0.1\nBasicAuth ann secret\nLogLevel Connect\n`;
      return ['-d', '-c', place.write('tinyproxy.conf', config)];
    },
    isReady: listens,
  });
}
