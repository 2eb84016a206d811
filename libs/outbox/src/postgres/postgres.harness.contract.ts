import { Client } from 'pg';
import type { Seat } from '../store/store.js';
import type { StoreHarness } from '../store/scene.contract.js';
import { freshSchema, type FreshSchema } from '../../../../test/support/postgres.js';
import type { PostgresSeat } from './seat.js';
import type { Pace } from './claims.js';
import { PostgresStore } from './postgres.store.js';
import type { PostgresStoreOptions } from './postgres.options.js';

/** What tells a time, and is moved back when time passes. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  message: ['created_at', 'ready_at', 'due_at', 'expires_at'],
  dead: ['created_at', 'dead_at'],
  finished: ['finished_at', 'expires_at'],
  host: ['since', 'lease_until'],
  deduplication: ['expires_at'],
  tick: ['asked_at'],
  once: ['seen_at'],
};

/** Stores on a schema of their own in the server of this run. */
export function postgresHarness(options: PostgresStoreOptions = {}, pace?: Pace): StoreHarness {
  return {
    fresh: async () => {
      const { connectionString, schema, query, drop } = freshSchema();
      const make = () => new PostgresStore({ connectionString, schema, ...options }, pace);
      const stores = [make()];
      return {
        store: stores[0]!,
        isSynchronous: false,
        isHeardEverywhere: options.liveness !== 'heartbeat',
        another: async () => {
          stores.push(make());
          return stores.at(-1)!;
        },
        transaction: async () => transaction(connectionString),
        elapse: async (ms) => elapse({ schema, query }, ms),
        killHost,
        close: async () => {
          await Promise.all(stores.map((store) => store.close()));
          await drop();
        },
      };
    },
  };
}

/** What the end of a process does: its connection is closed, and nothing comes from it any more. */
export async function killHost(seat: Seat): Promise<void> {
  const killed = seat as PostgresSeat;
  await killed['life']?.end();
  killed['state'] = 'lost';
}

export async function elapse({ schema, query }: Pick<FreshSchema, 'schema' | 'query'>, ms: number): Promise<void> {
  for (const [table, columns] of Object.entries(TIMES)) {
    const moved = columns.map((column) => `${column} = ${column} - ${ms} * interval '1 millisecond'`);
    await query(`update "${schema}".${table} set ${moved.join(', ')}`);
  }
}

async function transaction(connectionString: string) {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query('begin');
  return {
    within: {
      dialect: 'postgres',
      run: async (sql: string, parameters: readonly unknown[]) =>
        (await client.query<Record<string, unknown>>(sql, [...parameters])).rows,
    },
    commit: async () => {
      await client.query('commit');
      await client.end();
    },
    rollback: async () => {
      await client.query('rollback');
      await client.end();
    },
  };
}
