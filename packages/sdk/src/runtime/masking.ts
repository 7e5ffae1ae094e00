// What a host needs to mask what it shows. A door of its own, as a host that starts would load all the rest for nothing.
export { isSecretKey } from '../secret-key.ts';
export { replaceLeaves, replaceSecretSettings, secretSettings } from './secret-settings.ts';
