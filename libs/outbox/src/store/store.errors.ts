import { WorkersError } from '@nestjs-workers/core';

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
  ) {
    super(
      `The tables of the ${store} store are not up to date: ${pending.join(', ')} ${pending.length === 1 ? 'is' : 'are'} not applied. Run "npx nestjs-workers outbox migrate", or set migrate: true.`,
    );
  }
}

/** The tables were changed by a newer version of this library than this one. */
export class StoreTooNewError extends WorkersError {
  readonly code = 'STORE_TOO_NEW';

  constructor(
    readonly store: string,
    readonly found: number,
    readonly known: number,
  ) {
    super(
      `The tables of the ${store} store are of migration ${found}, and this version knows ${known}. Update @nestjs-workers/outbox in this process.`,
    );
  }
}
