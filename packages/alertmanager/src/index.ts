export { alertmanagerActions } from './alertmanager-actions.ts';
export type { AskAlertmanager } from './ask-alertmanager.ts';
