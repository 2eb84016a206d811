import type { Change, Ledger } from '../store/annex.js';
import type { Migrations } from '../store/store.js';
import { StoreOutdatedError, StoreTooNewError } from '../store/store.errors.js';
import type { Database, Runner } from './database.js';
import { firstTables } from './migration.1.js';
import { pauseTable } from './pause.js';
import { asNumber, msOf, type Statement, statement } from './statement.js';

/** In the order of their numbers. What stands here was applied somewhere and is never changed again. Both only add, and need nothing. */
export const OUTBOX_LEDGER: Ledger = {
  table: 'migration',
  changes: [
    { name: 'the first tables', sql: firstTables },
    { name: 'pause channels', sql: pauseTable },
  ],
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
 * Promises: of processes that migrate at the same time one does it and the others wait; what is not whole is not there, and not recorded. A
 * library that is older than the tables goes on, unless one of the changes that it does not know says that it needs a younger one.
 */
export class PostgresMigrations implements Migrations {
  private readonly changes: readonly Numbered[];
  private readonly read: Statement;
  private readonly readNeeds: Statement;

  constructor(
    private readonly database: Database,
    private readonly ledger: Ledger = OUTBOX_LEDGER,
  ) {
    this.changes = ledger.changes.map((change, at) => ({ ...change, number: at + 1 }));
    this.read = statement(
      'read_migrations',
      (schema) =>
        `select number, name, ${msOf('applied_at')} as applied_at from ${schema}.${ledger.table} order by number`,
    );
    this.readNeeds = statement(
      'read_needs',
      (schema) => `select coalesce(max(needs), 0) as needs from ${schema}.${this.needs}`,
    );
  }

  async status(): ReturnType<Migrations['status']> {
    const done = await this.applied(this.database);
    const newer = done.filter(({ number }) => number > this.changes.length);
    if (newer.length > 0) await this.assertKnown(newer.at(-1)!.number);
    const known = this.changes.map(({ number, name }) => ({
      number,
      name,
      appliedAtMs: done.find((one) => one.number === number)?.appliedAtMs,
    }));
    return [...known, ...newer];
  }

  async run(): Promise<readonly string[]> {
    const { schema } = this.database;
    return this.database.transact(async (transaction) => {
      await transaction.run(lock, [schema]);
      const done = await this.applied(transaction);
      const missing = this.changes.filter(({ number }) => done.every((one) => one.number !== number));
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
    const pending = (await this.status()).filter(({ appliedAtMs }) => appliedAtMs === undefined);
    if (pending.length === 0) return;
    const names = pending.map(({ name }) => name);
    throw new StoreOutdatedError('postgres', names, this.ledger.owner);
  }

  /** What is recorded, in the order of the numbers. */
  private async applied(runner: Runner) {
    const rows = (await this.isThere(runner, this.ledger.table)) ? await runner.run(this.read) : [];
    return rows.map(({ number, name, applied_at }) => ({
      number: asNumber(number),
      name: String(name),
      appliedAtMs: asNumber(applied_at),
    }));
  }

  /** @throws StoreTooNewError */
  private async assertKnown(found: number): Promise<void> {
    if (!(await this.isThere(this.database, this.needs))) return;
    const [row] = await this.database.run(this.readNeeds);
    const needed = asNumber(row!.needs);
    const known = this.changes.length;
    if (needed > known) throw new StoreTooNewError('postgres', found, needed, known, this.ledger.owner);
  }

  private async isThere(runner: Runner, table: string): Promise<boolean> {
    const [found] = await runner.run(look, [bare(this.database.schema), table]);
    return found!.is_there === true;
  }

  /** Made with the first change that not every older library goes on with. */
  private get needs(): string {
    return `${this.ledger.table}_needs`;
  }

  private table(): string {
    return `create table if not exists ${this.database.schema}.${this.ledger.table} (number int primary key, name text not null, applied_at timestamptz not null default now());`;
  }

  private record({ number, name, needs }: Numbered): string {
    const recorded = `insert into ${this.database.schema}.${this.ledger.table} (number, name) values (${number}, '${name.replaceAll("'", "''")}');`;
    if (needs === undefined) return recorded;
    const table = `${this.database.schema}.${this.needs}`;
    return `${recorded}
create table if not exists ${table} (number int primary key, needs int not null);
insert into ${table} (number, needs) values (${number}, ${needs});`;
  }
}
