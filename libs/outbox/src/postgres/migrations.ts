import type { Change, Ledger } from '../store/annex.js';
import type { Migrations } from '../store/store.js';
import { StoreOutdatedError, StoreTooNewError } from '../store/store.errors.js';
import type { Database, Runner } from './database.js';
import { firstTables } from './migration.1.js';
import { asNumber, msOf, type Statement, statement } from './statement.js';

/** In the order of their numbers. What stands here was applied somewhere and is never changed again. */
export const OUTBOX_LEDGER: Ledger = {
  table: 'migration',
  changes: [{ name: 'the first tables', sql: firstTables }],
  owner: '@nestjs-workers/outbox',
};

type Numbered = Change & { readonly number: number };

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
      left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = $2::text`,
);

/** Quotes in the name itself are refused by the store's options. */
const bare = (quoted: string): string => quoted.slice(1, -1);

/**
 * The tables of one ledger and their changes: numbered, only ever adding, all in the store's own schema.
 *
 * Promises: of processes that migrate at the same time one does it and the others wait; what is not whole is not there, and not recorded.
 */
export class PostgresMigrations implements Migrations {
  private readonly changes: readonly Numbered[];
  private readonly read: Statement;

  constructor(
    private readonly database: Database,
    private readonly ledger: Ledger = OUTBOX_LEDGER,
  ) {
    this.changes = ledger.changes.map((change, at) => ({ ...change, number: at + 1 }));
    this.read = statement(
      'read_migrations',
      (schema) => `select number, ${msOf('applied_at')} as applied_at from ${schema}.${ledger.table} order by number`,
    );
  }

  async status(): ReturnType<Migrations['status']> {
    const done = await this.applied(this.database);
    return this.changes.map(({ number, name }) => ({ number, name, appliedAtMs: done.get(number) }));
  }

  async run(): Promise<readonly string[]> {
    const { schema } = this.database;
    return this.database.transact(async (transaction) => {
      await transaction.run(lock, [schema]);
      const done = await this.applied(transaction);
      const missing = this.changes.filter(({ number }) => !done.has(number));
      if (missing.length === 0) return [];
      const [found] = await transaction.run(look, [bare(schema), this.ledger.table]);
      // Asked for even when it is there, this would need a right that a prudent administrator has taken away.
      if (found!.has_schema !== true) await transaction.script(`create schema ${schema}`);
      await transaction.script(this.table());
      for (const change of missing) {
        await transaction.script(change.sql(schema));
        await transaction.script(this.record(change));
      }
      return missing.map(({ name }) => name);
    });
  }

  sql(after = 0): string {
    const { schema } = this.database;
    const steps = this.changes.filter(({ number }) => number > after);
    return [
      'begin;',
      `create schema if not exists ${schema};`,
      this.table(),
      ...steps.map((step) => `-- ${step.number}: ${step.name}\n${step.sql(schema).trim()}\n${this.record(step)}`),
      'commit;\n',
    ].join('\n\n');
  }

  /** @throws StoreOutdatedError, StoreTooNewError */
  async check(): Promise<void> {
    const done = await this.applied(this.database);
    const missing = this.changes.filter(({ number }) => !done.has(number));
    const { owner } = this.ledger;
    if (missing.length > 0) {
      const pending = missing.map(({ name }) => name);
      throw new StoreOutdatedError('postgres', pending, owner);
    }
    const found = Math.max(...done.keys());
    const known = this.changes.length;
    if (found > known) throw new StoreTooNewError('postgres', found, known, owner);
  }

  /** When each was applied, in milliseconds since 1970. */
  private async applied(runner: Runner): Promise<Map<number, number>> {
    const { schema } = this.database;
    const [found] = await runner.run(look, [bare(schema), this.ledger.table]);
    const rows = found!.is_there === true ? await runner.run(this.read) : [];
    return new Map(rows.map(({ number, applied_at }) => [asNumber(number), asNumber(applied_at)]));
  }

  private table(): string {
    return `create table if not exists ${this.database.schema}.${this.ledger.table} (number int primary key, name text not null, applied_at timestamptz not null default now());`;
  }

  private record({ number, name }: Numbered): string {
    return `insert into ${this.database.schema}.${this.ledger.table} (number, name) values (${number}, '${name.replaceAll("'", "''")}');`;
  }
}
