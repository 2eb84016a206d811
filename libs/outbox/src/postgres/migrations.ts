import type { Migrations } from '../store/store.js';
import { StoreOutdatedError, StoreTooNewError } from '../store/store.errors.js';
import type { Database, Runner } from './database.js';
import { firstTables } from './migration.1.js';
import { pauseTable } from './pause.js';
import { asNumber, msOf, statement } from './statement.js';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: (schema: string) => string;
}

/** In the order of their numbers. What stands here was applied somewhere and is never changed again. */
const MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'the first tables', sql: firstTables },
  { number: 2, name: 'pause channels', sql: pauseTable },
];

/** One word for the lock of a schema's migrations, whoever asks. */
const lock = statement(
  'lock_migrations',
  () => `select pg_advisory_xact_lock(hashtextextended('nestjs-workers migrations ' || $1, 0))`,
);
/**
 * Read from the tables of the catalogue, not asked of to_regclass: that one answers from what this connection remembers, which after the wait
 * for the lock may be that there is nothing yet.
 */
const look = statement(
  'look_for_migrations',
  () => `
    select n.oid is not null as has_schema, c.oid is not null as is_there
    from (select $1::text as name) asked left join pg_catalog.pg_namespace n on n.nspname = asked.name
      left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'migration'`,
);
const applied = statement(
  'read_migrations',
  (schema) => `select number, ${msOf('applied_at')} as applied_at from ${schema}.migration order by number`,
);

/** Quotes in the name itself are refused by the store's options. */
const bare = (quoted: string): string => quoted.slice(1, -1);

const ledger = (schema: string): string =>
  `create table if not exists ${schema}.migration (number int primary key, name text not null, applied_at timestamptz not null default now());`;
const record = (schema: string, { number, name }: Migration): string =>
  `insert into ${schema}.migration (number, name) values (${number}, '${name.replaceAll("'", "''")}');`;

/**
 * The tables and their changes: numbered, only ever adding, all in the store's own schema.
 *
 * Promises: of processes that migrate at the same time one does it and the others wait; what is not whole is not there, and not recorded.
 */
export class PostgresMigrations implements Migrations {
  constructor(private readonly database: Database) {}

  async status(): ReturnType<Migrations['status']> {
    const done = await this.applied(this.database);
    return MIGRATIONS.map(({ number, name }) => ({ number, name, appliedAtMs: done.get(number) }));
  }

  async run(): Promise<readonly string[]> {
    const { schema } = this.database;
    return this.database.transact(async (transaction) => {
      await transaction.run(lock, [schema]);
      const done = await this.applied(transaction);
      const missing = MIGRATIONS.filter(({ number }) => !done.has(number));
      if (missing.length === 0) return [];
      const [found] = await transaction.run(look, [bare(schema)]);
      // Asked for even when it is there, this would need a right that a prudent administrator has taken away.
      if (found!.has_schema !== true) await transaction.script(`create schema ${schema}`);
      await transaction.script(ledger(schema));
      for (const migration of missing) {
        await transaction.script(migration.sql(schema));
        await transaction.script(record(schema, migration));
      }
      return missing.map(({ name }) => name);
    });
  }

  sql(after = 0): string {
    const { schema } = this.database;
    const steps = MIGRATIONS.filter(({ number }) => number > after);
    return [
      'begin;',
      `create schema if not exists ${schema};`,
      ledger(schema),
      ...steps.map((step) => `-- ${step.number}: ${step.name}\n${step.sql(schema).trim()}\n${record(schema, step)}`),
      'commit;\n',
    ].join('\n\n');
  }

  /** @throws StoreOutdatedError, StoreTooNewError */
  async check(): Promise<void> {
    const done = await this.applied(this.database);
    const missing = MIGRATIONS.filter(({ number }) => !done.has(number));
    if (missing.length > 0)
      throw new StoreOutdatedError(
        'postgres',
        missing.map(({ name }) => name),
      );
    const found = Math.max(...done.keys());
    const known = MIGRATIONS.at(-1)!.number;
    if (found > known) throw new StoreTooNewError('postgres', found, known);
  }

  /** When each was applied, in milliseconds since 1970. */
  private async applied(runner: Runner): Promise<Map<number, number>> {
    const { schema } = this.database;
    const [found] = await runner.run(look, [bare(schema)]);
    const rows = found!.is_there === true ? await runner.run(applied) : [];
    return new Map(rows.map(({ number, applied_at }) => [asNumber(number), asNumber(applied_at)]));
  }
}
