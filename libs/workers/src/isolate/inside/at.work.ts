import { AsyncLocalStorage } from 'node:async_hooks';
import type { Tx } from '../protocol.js';

/** Which run the code at hand belongs to, also after an `await`; so that what it sends passes while the application drains. */
export const atWork = new AsyncLocalStorage<Tx>();
