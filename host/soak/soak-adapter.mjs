// The connectors of the soak: they echo, and misbehave when they are told to.
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectorAdapter } from '@automate/sdk';

const VERSION = 'VERSION';
const kept = [];

const rough = {
  crash: () => process.exit(1),
  reject: () => {
    void Promise.reject(new Error('nobody listens'));
    return new Promise(() => {});
  },
  hang: () => {
    for (;;);
  },
  ignore: () => new Promise(() => {}),
  flood: () => {
    for (let line = 0; line < 100_000; line += 1) console.log(`line ${line} of many`);
  },
  leak: async () => {
    for (;;) {
      kept.push(Buffer.alloc(4 * 1024 * 1024, 1));
      await delay(5);
    }
  },
};

export default class SoakAdapter extends ConnectorAdapter {
  name = 'soak';
  version = VERSION;
  async connect() {
    return true;
  }
  async execute(action, payload) {
    if (action === 'echo') return { ...payload, id: this.context.id, version: VERSION };
    await rough[action]();
    return {};
  }
}
