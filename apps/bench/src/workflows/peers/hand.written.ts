import { Pool } from 'pg';
import { freshDatabase } from '../../durable/database.js';
import type { Accounts } from '../accounts.js';

/** The same by hand: in one transaction the account is locked and read, and its event, its new state and a job are written. */
export async function open(): Promise<Accounts> {
  const pool = new Pool({ connectionString: await freshDatabase() });
  await pool.query(`
    create table account (id text primary key, version int not null, total bigint not null);
    create table event (account text, sequence int, at timestamptz not null, type text not null, payload text not null,
      primary key (account, sequence));
    create table job (id bigint generated always as identity primary key, at timestamptz not null, payload text not null)`);
  return {
    async pay(account, events) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const { rows } = await client.query<{ version: number; total: string }>({
          name: 'read',
          text: 'select version, total from account where id = $1 for update',
          values: [account],
        });
        const { version, total } = rows[0] ?? { version: 0, total: 0 };
        const sum = Number(total) + events;
        for (let n = 1; n <= events; n++)
          await client.query({
            name: 'event',
            text: `insert into event (account, sequence, at, type, payload) values ($1, $2, now(), 'paid', $3)`,
            values: [account, version + n, JSON.stringify({ type: 'paid', amount: 1 })],
          });
        await client.query({
          name: rows[0] ? 'state' : 'begin',
          text: rows[0]
            ? 'update account set version = $2, total = $3 where id = $1'
            : 'insert into account (id, version, total) values ($1, $2, $3)',
          values: [account, version + events, sum],
        });
        await client.query({
          name: 'job',
          text: 'insert into job (at, payload) values (now(), $1)',
          values: [JSON.stringify({ type: 'receipt', total: sum })],
        });
        await client.query('commit');
        client.release();
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
    close: () => pool.end(),
  };
}
