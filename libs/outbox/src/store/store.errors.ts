import { WorkersError } from '@nestjs-workers/core/plain';

/** Whose tables are meant when nobody else's are. */
const OUTBOX = '@nestjs-workers/outbox';

/** The database does not answer. Nothing was written; trying again later may help. */
export class StoreUnreachableError extends WorkersError {
  readonly code = 'STORE_UNREACHABLE';

  constructor(
    readonly store: string,
    options: ErrorOptions,
  ) {
    super(
      `The ${store} store was asked and cannot be reached${reasonOf(options.cause)}. Check that the database runs and that its address and credentials are right.`,
      options,
    );
  }
}

/** A name with several addresses fails with all of their errors, under one that says nothing itself. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  const said = cause instanceof AggregateError ? cause.errors.map((one) => (one as Error).message) : [cause.message];
  return `: ${said.join('; ')}`;
}

/** The tables are missing or older than this version of the library. */
export class StoreOutdatedError extends WorkersError {
  readonly code = 'STORE_OUTDATED';

  constructor(
    readonly store: string,
    readonly pending: readonly string[],
    readonly owner = OUTBOX,
  ) {
    // A package that brings tables brings a group of commands that has its name.
    const group = owner.slice(owner.indexOf('/') + 1);
    super(
      `The tables of ${owner} in the ${store} store are not up to date: ${pending.join(', ')} ${pending.length === 1 ? 'is' : 'are'} not applied. Run "npx nestjs-workers ${group} migrate", or set migrate: true.`,
    );
  }
}

/** A newer version of this library changed the tables in a way that this one cannot go on with. */
export class StoreTooNewError extends WorkersError {
  readonly code = 'STORE_TOO_NEW';

  constructor(
    readonly store: string,
    readonly found: number,
    /** What a version must know at least. */
    readonly needed: number,
    readonly known: number,
    readonly owner = OUTBOX,
  ) {
    super(
      `The tables of ${owner} in the ${store} store are of migration ${found}, which needs a version that knows migration ${needed}; this one knows ${known}. Update ${owner} in this process.`,
    );
  }
}

/** A transaction was used that is over: `work` returned before everything in it was done, or kept it for later. */
export class TransactionOverError extends WorkersError {
  readonly code = 'TRANSACTION_OVER';

  constructor(readonly store: string) {
    super(
      `A transaction of the ${store} store was used after it was over. Await in \`work\` all that it does, and keep the transaction for nothing else.`,
    );
  }
}

/** The work of a transaction went on after it returned, on a store whose transactions cannot wait. */
export class WorkAsynchronousError extends WorkersError {
  readonly code = 'WORK_ASYNCHRONOUS';

  constructor(readonly store: string) {
    super(
      `The ${store} store was given work that returned a promise; its transactions are synchronous, and nothing was written. Read and wait before \`transact\`, and only write in it.`,
    );
  }
}
