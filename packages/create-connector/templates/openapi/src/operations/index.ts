import type { ApiKey, OperationPlan, Send } from '../send-operation.ts';
import { listItems } from './list-items.ts';

export const API_KEYS: readonly ApiKey[] = [];
export const TAKES_KEYS = false;
export const PROBE: OperationPlan | undefined = { method: 'GET', path: '/items', parameters: [] };

export const createActions = (send: Send) => ({ list_items: listItems(send) });
