import type { Change, Ledger } from '../store/annex.js';
import type { Migrations } from '../store/store.js';
import { StoreOutdatedError, StoreTooNewError } from '../store/store.errors.js';
import type { Connection } from './connection.js';
import { makeTables } from './make.tables.js';
import { NOW_MS, tablesOf } from './tables.js';

/** In the order of their numbers, which begin at 1. What is in here is never changed, only added to. */
export const OUTBOX_LEDGER: Ledger = {
  table: 'migration',
  changes: [{ name: 'make the tables', sql: (prefix) => makeTables(tablesOf(prefix)) }],
  owner: '@nestjs-workers/outbox',
};

/**
 * The numbered changes of the tables of one ledger.
 *
 * Promises: a change is applied and recorded in one transaction, once over all processes that try at the same time.
 * Does not promise: a way back.
 */
export class SqliteMigrations implements Migrations {
  private readonly table: string;
  private readonly changes: readonly Change[];

  constructor(
    private readonly prefix: string,
    private readonly connect: () => Promise<Connection>,
    private readonly ledger: Ledger = OUTBOX_LEDGER,
  ) {
    this.table = prefix + ledger.table;
    this.changes = ledger.changes;
  }

  async status(): ReturnType<Migrations['status']> {
    const connection = await this.connect();
    return connection.read(() => this.look(connection));
  }

  async run(): Promise<readonly string[]> {
    const connection = await this.connect();
    if ((await this.status()).every(({ appliedAtMs }) => appliedAtMs !== undefined)) return [];
    return connection.write(() => {
      const pending = this.look(connection).filter(({ appliedAtMs }) => appliedAtMs === undefined);
      for (const { number } of pending) connection.exec(this.textOf(number));
      return pending.map(({ name }) => name);
    });
  }

  sql(after = 0): string {
    const texts = this.changes.map((_, index) => this.textOf(index + 1)).slice(after);
    return texts.length === 0 ? '' : `begin immediate;\n\n${texts.join('\n')}\ncommit;\n`;
  }

  /** @throws StoreOutdatedError, StoreTooNewError */
  async assertCurrent(): Promise<void> {
    const pending = (await this.status()).filter(({ appliedAtMs }) => appliedAtMs === undefined);
    if (pending.length === 0) return;
    const names = pending.map(({ name }) => name);
    throw new StoreOutdatedError('sqlite', names, this.ledger.owner);
  }

  private look(connection: Connection) {
    const { changes, ledger } = this;
    const applied = this.applied(connection);
    const latest = Math.max(0, ...applied.keys());
    if (latest > changes.length) throw new StoreTooNewError('sqlite', latest, changes.length, ledger.owner);
    return changes.map(({ name }, index) => ({ number: index + 1, name, appliedAtMs: applied.get(index + 1) }));
  }

  private applied(connection: Connection): ReadonlyMap<number, number> {
    const found = connection.ask(`select 1 from sqlite_schema where type = 'table' and name = ?`, [this.table]);
    if (found.length === 0) return new Map();
    const rows = connection.ask(`select number, applied_at_ms from ${this.table}`, []);
    return new Map(rows.map(({ number, applied_at_ms }) => [Number(number), Number(applied_at_ms)]));
  }

  private textOf(number: number): string {
    const { name, sql } = this.changes[number - 1] as Change;
    return `-- ${number}: ${name}
create table if not exists ${this.table} (
  number integer primary key,
  name text not null,
  applied_at_ms integer not null
);
${sql(this.prefix)}
insert into ${this.table} (number, name, applied_at_ms) values (${number}, '${name}', ${NOW_MS});
`;
  }
}
