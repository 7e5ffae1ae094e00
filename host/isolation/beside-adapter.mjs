// The healthy connector beside the one that misbehaves.
import { ConnectorAdapter } from '@automate/sdk';

export default class BesideAdapter extends ConnectorAdapter {
  name = 'beside';
  version = '1.0.0';
  async connect() {
    return true;
  }
  async execute(action, payload) {
    return action === 'mark' ? (globalThis.mark ?? 'nothing') : payload;
  }
}
