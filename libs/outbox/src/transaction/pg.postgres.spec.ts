import { Test } from '@nestjs/testing';
import { WorkersModule } from '@nestjs-workers/core';
import { Client, Pool } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { durable, Outbox, OutboxModule } from '../index.js';
import { postgresData } from './fixtures/postgres.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

transactionContract('pg', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const { connectionString, store, close } = postgresData();
    const pool = new Pool({ connectionString });
    const client = await pool.connect();
    return {
      store,
      bare: { 'a pool': pool, 'a client': client, 'a client that is not connected': new Client({ connectionString }) },
      transaction: async (works, end = 'commit') => {
        await client.query('begin');
        try {
          const done = await inTurn(works, client, end);
          await client.query('commit');
          return done;
        } catch (error) {
          await client.query('rollback');
          return undone(error);
        }
      },
      close: async () => {
        client.release();
        await pool.end();
        await close();
      },
    };
  },
});

describe('a message whose check is waited for', () => {
  /** An outbox on whose channel nothing is written before `check` is called. */
  async function scene() {
    let check = (): void => {};
    const checked = new Promise<void>((resolve) => (check = resolve));
    const validate = async (value: unknown) => checked.then(() => ({ value: value as string }));
    const Slow = durable<string>('slow', { payload: { '~standard': { version: 1, vendor: 'test', validate } } });
    const { connectionString, store, close } = postgresData();
    const app = await Test.createTestingModule({
      imports: [WorkersModule.forRoot({ channels: [Slow], guard: 'off' }), OutboxModule.forRoot({ store })],
    }).compile();
    await app.init();
    const client = new Client({ connectionString });
    await client.connect();
    onTestFinished(async () => {
      await client.end();
      await app.close();
      await close();
    });
    const outbox = app.get(Outbox);
    const add = (payload: string, options: Parameters<Outbox['add']>[3] = {}) =>
      outbox.add(client, Slow, payload, options);
    return { add, check, client, ready: async () => (await store.stats())['slow']?.ready ?? 0 };
  }

  it.each(['rollback', 'commit'] as const)(
    'does not outlive a transaction whose %s is on its way when it is written',
    async (end) => {
      const { add, check, client, ready } = await scene();
      for (const options of [{}, { key: 'k' }]) {
        await client.query('begin');
        const added = add('late', options);
        const ended = client.query(end);
        check();
        await expect(added).rejects.toThrow(/over before the message came to be written/);
        await ended;
      }
      expect(await ready()).toBe(0);
    },
  );

  it('is written where its transaction is still open, and a duplicate is told as one', async () => {
    const { add, check, client, ready } = await scene();
    check();
    const options = { deduplicate: { key: 'order 7', window: '1h' } } as const;
    await client.query('begin');
    const [first, second] = [await add('plain'), await add('once', options)];
    const again = await add('once', options);
    await client.query('commit');
    expect([first.isDuplicate, second.isDuplicate, again]).toEqual([
      false,
      false,
      { id: second.id, isDuplicate: true },
    ]);
    expect(await ready()).toBe(2);
  });
});
