import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import { inject } from 'vitest';

export interface FreshSchema {
  readonly connectionString: string;
  /** A name that no other test has. */
  readonly schema: string;
  readonly query: (sql: string, parameters?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  readonly drop: () => Promise<void>;
}

/** Room for one spec in the server of this run; see `postgres.setup.ts`. */
export function freshSchema(): FreshSchema {
  const connectionString = inject('postgresUrl');
  const schema = `t_${randomBytes(6).toString('hex')}`;
  const pool = new Pool({ connectionString, max: 2 });
  pool.on('error', () => {});
  const query = async (sql: string, parameters: readonly unknown[] = []) => {
    const { rows } = await pool.query<Record<string, unknown>>(sql, [...parameters]);
    return rows;
  };
  return {
    connectionString,
    schema,
    query,
    async drop() {
      await query(`drop schema if exists "${schema}" cascade`);
      await pool.end();
    },
  };
}
