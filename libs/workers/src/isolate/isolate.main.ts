import type { HandlerType } from '../dispatch/elsewhere.js';
import { register } from './address.js';

/**
 * Names the handler classes of an isolate by hand, in a file of its own that a bundler sees:
 * `new Worker(new URL('./images.isolate.js', import.meta.url))`. That file imports the classes, calls this, and then imports the entry
 * `@nestjs-workers/core/thread` (or `/process`).
 */
export function isolate(...handlers: readonly HandlerType[]): void {
  for (const handler of handlers) register(handler);
}
