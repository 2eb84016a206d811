import type { Migrations } from '../store/store.js';
import { StoreOutdatedError, StoreTooNewError } from '../store/store.errors.js';
import type { Connection } from './connection.js';
import { makeTables } from './make.tables.js';
import { makePauseTable } from './pause.js';
import { NOW_MS, type Tables } from './tables.js';

interface Migration {
  readonly name: string;
  readonly sql: (tables: Tables) => string;
}

/** In the order of their numbers, which begin at 1. What is in here is never changed, only added to. */
const MIGRATIONS: readonly Migration[] = [
  { name: 'make the tables', sql: makeTables },
  { name: 'pause channels', sql: makePauseTable },
];

/**
 * The numbered changes of the tables.
 *
 * Promises: a change is applied and recorded in one transaction, once over all processes that try at the same time.
 * Does not promise: a way back.
 */
export class SqliteMigrations implements Migrations {
  constructor(
    private readonly tables: Tables,
    private readonly connect: () => Promise<Connection>,
  ) {}

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
    const texts = MIGRATIONS.map((_, index) => this.textOf(index + 1)).slice(after);
    return texts.length === 0 ? '' : `begin immediate;\n\n${texts.join('\n')}\ncommit;\n`;
  }

  /** @throws StoreOutdatedError, StoreTooNewError */
  async assertCurrent(): Promise<void> {
    const pending = (await this.status()).filter(({ appliedAtMs }) => appliedAtMs === undefined);
    if (pending.length === 0) return;
    throw new StoreOutdatedError(
      'sqlite',
      pending.map(({ name }) => name),
    );
  }

  private look(connection: Connection) {
    const applied = this.applied(connection);
    const latest = Math.max(0, ...applied.keys());
    if (latest > MIGRATIONS.length) throw new StoreTooNewError('sqlite', latest, MIGRATIONS.length);
    return MIGRATIONS.map(({ name }, index) => ({ number: index + 1, name, appliedAtMs: applied.get(index + 1) }));
  }

  private applied(connection: Connection): ReadonlyMap<number, number> {
    const { migration } = this.tables;
    const found = connection.ask(`select 1 from sqlite_schema where type = 'table' and name = ?`, [migration]);
    if (found.length === 0) return new Map();
    const rows = connection.ask(`select number, applied_at_ms from ${migration}`, []);
    return new Map(rows.map(({ number, applied_at_ms }) => [Number(number), Number(applied_at_ms)]));
  }

  private textOf(number: number): string {
    const { name, sql } = MIGRATIONS[number - 1] as Migration;
    const { migration } = this.tables;
    return `-- ${number}: ${name}
create table if not exists ${migration} (
  number integer primary key,
  name text not null,
  applied_at_ms integer not null
);
${sql(this.tables)}
insert into ${migration} (number, name, applied_at_ms) values (${number}, '${name}', ${NOW_MS});
`;
  }
}
