import { NotDurableError } from '../outbox.errors.js';
import { DeadLetterUnknownError } from '../dead/dead.errors.js';
import { StoreUnreachableError } from '../store/store.errors.js';

const OURS = [DeadLetterUnknownError, NotDurableError, StoreUnreachableError];

/** An error of the outbox as the class that it had before it crossed: the core knows its own and no others. */
export function revived(error: unknown): unknown {
  const type = error instanceof Error ? OURS.find(({ name }) => name === error.name) : undefined;
  return type === undefined ? error : Object.setPrototypeOf(error, type.prototype);
}
