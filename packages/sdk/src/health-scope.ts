import { AsyncLocalStorage } from 'node:async_hooks';

/** Set in everything that a health check does, whichever HTTP client it asks with. */
export const healthScope = new AsyncLocalStorage<true>();
