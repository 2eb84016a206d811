import { WorkersError } from '@nestjs-workers/core/plain';

/** What was given as a database is none that this store knows. */
export class HandleUnknownError extends WorkersError {
  readonly code = 'SQLITE_HANDLE_UNKNOWN';

  constructor(readonly given: string) {
    super(
      `The sqlite store was given ${given} as a database. It knows the handles of better-sqlite3, libsql and node:sqlite (DatabaseSync), and whatever implements SqliteHandle.`,
    );
  }
}

/** There is no driver to open the file with. */
export class DriverNotInstalledError extends WorkersError {
  readonly code = 'SQLITE_DRIVER_NOT_INSTALLED';

  constructor(
    readonly tried: readonly string[],
    options: ErrorOptions,
  ) {
    super(
      `The sqlite store was asked to open a file and found no driver: ${tried.join(', ')} cannot be loaded. ` +
        'Install one (npm install libsql), use Node 22.17 or later, which brings node:sqlite, or lend an open database: sqliteStore({ database }).',
      options,
    );
  }
}

/** A handle was given as a transaction, and no transaction is open on it: what is written would not be taken back with the rest. */
export class NotInTransactionError extends WorkersError {
  readonly code = 'SQLITE_NOT_IN_TRANSACTION';

  constructor() {
    super(
      'The sqlite store was asked to write within a transaction, and none is open on that handle. Begin one before, or append without it.',
    );
  }
}

/** A transaction of another kind of database was given. */
export class TransactionForeignError extends WorkersError {
  readonly code = 'SQLITE_TRANSACTION_FOREIGN';

  constructor(readonly dialect: string) {
    super(
      `The sqlite store was asked to write within a transaction of ${dialect}. Give it one of the SQLite database that holds its tables: fromSqlite(handle).`,
    );
  }
}

/** The seat of this host was given to nobody: its claims were taken over, or may be. */
export class SeatLostError extends WorkersError {
  readonly code = 'SEAT_LOST';

  constructor(readonly host: string) {
    super(
      `Host "${host}" showed no sign of life for as long as its lease, and its claims were taken over. Take a new seat; a longer lease helps where the event loop is blocked.`,
    );
  }
}
