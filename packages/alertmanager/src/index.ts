export { alertmanagerActions } from './alertmanager-actions.ts';
export type { AskAlertmanager } from './ask-alertmanager.ts';
export { credentialFields, credentialsOf } from './webhook-credentials.ts';
export type { CredentialSettings } from './webhook-credentials.ts';
