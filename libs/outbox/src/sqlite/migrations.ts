import type { Change, Ledger } from '../store/annex.js';
import type { Migrations } from '../store/store.js';
import { StoreOutdatedError, StoreTooNewError } from '../store/store.errors.js';
import type { Connection } from './connection.js';
import { makeTables } from './make.tables.js';
import { makePauseTable } from './pause.js';
import { NOW_MS, tablesOf } from './tables.js';

/** In the order of their numbers, which begin at 1. What is in here is never changed, only added to. */
export const OUTBOX_LEDGER: Ledger = {
  table: 'migration',
  changes: [
    { name: 'make the tables', sql: (prefix) => makeTables(tablesOf(prefix)) },
    { name: 'pause channels', sql: (prefix) => makePauseTable(tablesOf(prefix)) },
  ],
  owner: '@nestjs-workers/outbox',
};

/**
 * The numbered changes of the tables of one ledger.
 *
 * Promises: a change is applied and recorded in one transaction, once over all processes that try at the same time; a library that is older
 * than the tables goes on, unless one of the changes that it does not know says that it needs a younger one.
 * Does not promise: a way back.
 */
export class SqliteMigrations implements Migrations {
  private readonly table: string;
  /** Made with the first change that not every older library goes on with. */
  private readonly needs: string;
  private readonly changes: readonly Change[];

  constructor(
    private readonly prefix: string,
    private readonly connect: () => Promise<Connection>,
    private readonly ledger: Ledger = OUTBOX_LEDGER,
  ) {
    this.table = prefix + ledger.table;
    this.needs = `${this.table}_needs`;
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

  /** @throws StoreTooNewError */
  private look(connection: Connection) {
    const { changes, ledger } = this;
    const applied = this.applied(connection);
    const known = changes.map(({ name }, index) => ({
      number: index + 1,
      name,
      appliedAtMs: applied.find(({ number }) => number === index + 1)?.appliedAtMs,
    }));
    const newer = applied.filter(({ number }) => number > changes.length);
    const needed = newer.length === 0 ? 0 : this.needed(connection);
    if (needed <= changes.length) return [...known, ...newer];
    throw new StoreTooNewError('sqlite', newer.at(-1)?.number ?? needed, needed, changes.length, ledger.owner);
  }

  private applied(connection: Connection) {
    if (!isThere(connection, this.table)) return [];
    const rows = connection.ask(`select number, name, applied_at_ms from ${this.table} order by number`, []);
    return rows.map((row) => ({
      number: Number(row['number']),
      name: String(row['name']),
      appliedAtMs: Number(row['applied_at_ms']),
    }));
  }

  private needed(connection: Connection): number {
    if (!isThere(connection, this.needs)) return 0;
    return Number(connection.ask(`select max(needs) as needs from ${this.needs}`, [])[0]?.['needs'] ?? 0);
  }

  private textOf(number: number): string {
    const { name, sql, needs } = this.changes[number - 1] as Change;
    const noted =
      needs === undefined
        ? ''
        : `create table if not exists ${this.needs} (number integer primary key, needs integer not null);
insert into ${this.needs} (number, needs) values (${number}, ${needs});
`;
    return `-- ${number}: ${name}
create table if not exists ${this.table} (
  number integer primary key,
  name text not null,
  applied_at_ms integer not null
);
${sql(this.prefix)}
insert into ${this.table} (number, name, applied_at_ms) values (${number}, '${name}', ${NOW_MS});
${noted}`;
  }
}

function isThere(connection: Connection, table: string): boolean {
  return connection.ask(`select 1 from sqlite_schema where type = 'table' and name = ?`, [table]).length > 0;
}
