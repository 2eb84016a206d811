import { TransactionInvalidError } from '../outbox.errors.js';
import type { Rows } from '../store/store.js';
import { can, type Library, type LibraryTransaction } from './library.js';

/** A `Client` or `PoolClient` of pg, as far as it is needed here. */
interface Client {
  query(config: { readonly text: string; readonly values: readonly unknown[] }): Promise<{ readonly rows?: Rows }>;
  on(event: 'drain' | 'end', listener: () => void): unknown;
  off(event: 'drain' | 'end', listener: () => void): unknown;
  /** `I`: in none, `T`: in one, `E`: in one that failed; null before the first answer. From pg 8.21 on. */
  getTransactionStatus?(): string | null;
}

/**
 * A client of pg after BEGIN.
 *
 * Whether it is in a transaction is known from pg 8.21 on, as of the last answer of the server: await the BEGIN. With an older one the
 * statement runs as it is, and without a transaction it is committed at once.
 */
export const pg: Library = {
  accepted: 'a client of pg after BEGIN',
  read: (handle) => {
    if (isPool(handle)) {
      throw new TransactionInvalidError(
        'a Pool of pg',
        'A pool runs each statement on whatever connection is free. Take one: const client = await pool.connect(), await client.query("begin"), and give the client.',
      );
    }
    return isClient(handle) ? clientTransaction(handle) : undefined;
  },
};

export function isClient(handle: unknown): handle is Client {
  return can(handle, 'query', 'connect', 'escapeLiteral', 'on', 'off');
}

/** @throws TransactionInvalidError */
export function clientTransaction(client: Client): LibraryTransaction {
  assertBegun(client);
  return {
    dialect: 'postgres',
    run: async (text, values) => {
      assertBegun(client);
      const { rows = [] } = await client.query({ text, values: [...values] });
      return rows;
    },
    committed: ended(client),
  };
}

function isPool(handle: object): boolean {
  const { totalCount } = handle as { readonly totalCount?: unknown };
  return can(handle, 'query', 'connect') && typeof totalCount === 'number';
}

/** @throws TransactionInvalidError */
export function assertBegun(client: Client): void {
  const status = client.getTransactionStatus?.();
  if (status !== 'I' && status !== null) return;
  throw new TransactionInvalidError(
    'a client of pg that is not in a transaction',
    'Await client.query("begin") before; and await what you add before the COMMIT.',
  );
}

const endings = new WeakMap<Client, Promise<void>>();

/**
 * Settles when the transaction that is open now is over: pg says when it has nothing more to do, and then knows its status. A rollback
 * looks the same from here; whoever is woken in vain finds nothing.
 */
function ended(client: Client): Promise<void> | undefined {
  if (client.getTransactionStatus === undefined) return undefined;
  const known = endings.get(client);
  if (known !== undefined) return known;
  const ending = new Promise<void>((resolve) => {
    const look = (): void => {
      if (client.getTransactionStatus?.() !== 'I') return;
      leave();
      resolve();
    };
    const leave = (): void => {
      client.off('drain', look);
      client.off('end', leave);
      endings.delete(client);
    };
    client.on('drain', look);
    client.on('end', leave);
  });
  endings.set(client, ending);
  return ending;
}
