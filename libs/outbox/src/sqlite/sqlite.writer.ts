import type { Appended, NewMessage, Transaction } from '../store/store.js';
import type { Writer } from '../store/whereabouts.js';
import { Append } from './append.js';
import { once } from './once.js';
import { assertSqlite } from './sqlite.transaction.js';
import { type Tables, tablesOf } from './tables.js';

/** Writes in transactions of the user's, on whatever connection to the database they are. @throws TransactionForeignError */
export class SqliteWriter implements Writer {
  constructor(
    private readonly tables: Tables,
    private readonly appending: Append,
  ) {}

  static of(prefix: string): SqliteWriter {
    const tables = tablesOf(prefix);
    return new SqliteWriter(tables, new Append(tables));
  }

  /** Has written before it first awaits when the handle is synchronous. */
  async append(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]> {
    assertSqlite(within);
    return this.appending.run((sql, parameters) => within.run(sql, parameters), messages);
  }

  once(key: string, within: Transaction): boolean | Promise<boolean> {
    assertSqlite(within);
    return once(this.tables, key, within);
  }
}
