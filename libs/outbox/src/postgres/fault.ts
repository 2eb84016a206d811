import { StoreUnreachableError } from '../store/store.errors.js';

/** Faults of the way to the server, or of a server that goes down, comes up, or only reads because another one is the first now. */
const UNREACHABLE = new Set(
  (
    'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ENOENT ' +
    '57P01 57P02 57P03 57P05 25006'
  ).split(' '),
);

/** Classes of codes: of the connection, of a server without room (disk, memory, connections), of the system under it. */
const UNREACHABLE_CLASSES = new Set(['08', '53', '58']);

/** The driver has no codes for these. */
const BROKEN =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** The server undid the statement because of a neighbour, and it may be run again. */
const ROLLED_BACK = new Set(['40001', '40P01']);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Two hosts that claimed two messages of one key at the same moment, of which the second is told so: the key was held after all. */
const isKeyHeld = (error: unknown): boolean =>
  codeOf(error) === '23505' &&
  error instanceof Error &&
  'constraint' in error &&
  error.constraint === 'message_held_key';

export const isRolledBack = (error: unknown): boolean => ROLLED_BACK.has(codeOf(error)) || isKeyHeld(error);

function isUnreachable(error: unknown): boolean {
  const code = codeOf(error);
  return (
    UNREACHABLE.has(code) ||
    UNREACHABLE_CLASSES.has(code.slice(0, 2)) ||
    (error instanceof Error && BROKEN.test(error.message))
  );
}

/** A fault of the connection under the one name that callers can act on; any other error as it is. */
export function faultOf(error: unknown): unknown {
  return isUnreachable(error) ? new StoreUnreachableError('postgres', { cause: error }) : error;
}
