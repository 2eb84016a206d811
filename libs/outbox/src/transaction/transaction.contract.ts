import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { channel, WorkersModule } from '@nestjs-workers/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Added, durable, Outbox, OutboxModule } from '../index.js';
import type { Claimed, Store } from '../store/store.js';
import { pinOf, transactionOf } from './transaction.js';

/** What a library needs to be tested. `fresh` gives data that no other test sees. */
export interface TransactionHarness {
  fresh(): Promise<TransactionBench>;
  /** Whether a transaction says when it was committed. */
  readonly seesCommit: boolean;
  /** Whether a transaction that is over is told from one that is open. */
  readonly seesEnd: boolean;
}

export interface TransactionBench {
  readonly store: Store;
  /** Handles of the library that are in no transaction, by their names. */
  readonly bare: Readonly<Record<string, object>>;
  /** Does all of `works` in one transaction of the library, the way its users do; then commits it, or has it rolled back. */
  transaction<T>(works: readonly Work<T>[], end?: 'commit' | 'rollback'): Promise<T[]>;
  close(): Promise<void>;
}

/** What is done with a transaction. */
export type Work<T> = (handle: object) => Promise<T>;

/** The rollback that a test asks for. */
export class Undone extends Error {}

/** One after the other, and then the end: for libraries that await. */
export async function inTurn<T>(works: readonly Work<T>[], handle: object, end: 'commit' | 'rollback'): Promise<T[]> {
  const done: T[] = [];
  for (const work of works) done.push(await work(handle));
  if (end === 'rollback') throw Object.assign(new Undone(), { done });
  return done;
}

/** What was done, when the rollback was the one that was asked for. */
export function undone(error: unknown): never[] {
  if (error instanceof Undone) return (error as Undone & { done: never[] }).done;
  throw error;
}

interface Email {
  readonly to: string;
}

const Emails = durable<Email>('emails');
const InMemory = channel<Email>('in-memory');

async function scene(harness: TransactionHarness) {
  const bench = await harness.fresh();
  onTestFinished(() => bench.close());
  @Module({
    imports: [
      WorkersModule.forRoot({ channels: [Emails, InMemory], guard: 'off' }),
      OutboxModule.forRoot({ store: bench.store }),
    ],
  })
  class AppModule {}
  const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await app.init();
  onTestFinished(() => app.close());
  const outbox = app.get(Outbox);
  const add =
    (to: string, options: Parameters<Outbox['add']>[3] = {}): Work<Added> =>
    (handle) =>
      outbox.add(handle, Emails, { to }, options);
  return { bench, outbox, add, claim: () => claim(bench.store) };
}

async function claim(store: Store): Promise<readonly Claimed[]> {
  const nothing = () => {};
  const seat = await store.enroll({
    name: 'test',
    leaseMs: 60_000,
    onWake: nothing,
    onFinished: nothing,
    onLost: nothing,
    onFault: nothing,
  });
  const claimed = await store.claim(seat, [{ channel: 'emails', room: 100 }]);
  await seat.leave();
  return claimed;
}

/** What the transactions of every library promise. */
export function transactionContract(name: string, harness: TransactionHarness): void {
  describe(`a transaction of ${name}`, () => {
    it('brings its message, with headers and key, when it is committed', async () => {
      const { bench, add, claim } = await scene(harness);
      const headers = { traceparent: `it's "?" and $1` };
      const [added] = await bench.transaction([add('ada', { headers, key: 'k' })]);
      const claimed = await claim();
      expect(claimed).toMatchObject([{ id: Number(added?.id), key: 'k', payload: '{"to":"ada"}' }]);
      expect(JSON.parse(claimed[0]?.headers ?? '')).toEqual(headers);
    });

    it('leaves nothing behind when it is rolled back', async () => {
      const { bench, add, claim } = await scene(harness);
      await bench.transaction([add('ada'), add('bob', { key: 'k' })], 'rollback');
      expect(await claim()).toEqual([]);
      expect(await bench.store.stats()).toEqual({});
    });

    it('brings all of several adds in their order', async () => {
      const { bench, add, outbox, claim } = await scene(harness);
      const both: Work<Added> = async (handle) =>
        (await outbox.addAll(handle, Emails, [{ to: 'cy' }, { to: 'dan' }]))[1] as Added;
      const added = await bench.transaction([add('ada'), add('bob'), both]);
      const claimed = await claim();
      expect(claimed.map(({ payload }) => (JSON.parse(payload) as Email).to)).toEqual(['ada', 'bob', 'cy', 'dan']);
      expect(added.map(({ id }) => Number(id))).toEqual([0, 1, 3].map((at) => claimed[at]?.id));
    });

    it('writes a duplicate once, and remembers its key only when it is committed', async () => {
      const { bench, add, claim } = await scene(harness);
      const once = add('ada', { deduplicate: { key: 'order 7', window: '1h' } });
      await bench.transaction([once], 'rollback');
      const [first, second] = await bench.transaction([once, once]);
      expect([first?.isDuplicate, second]).toEqual([false, { id: first?.id, isDuplicate: true }]);
      const [third] = await bench.transaction([once]);
      expect(third).toEqual({ id: first?.id, isDuplicate: true });
      expect(await claim()).toHaveLength(1);
    });

    it('remembers the key of a work that is to be done once, when it is committed, and does the work in it', async () => {
      const { bench, outbox } = await scene(harness);
      const work: Work<string | undefined> = (handle) =>
        outbox.once('invoice 7', handle, () => {
          transactionOf(handle, bench.store.kind);
          return 'done';
        });
      expect(await bench.transaction([work], 'rollback')).toEqual(['done']);
      expect(await bench.transaction([work, work])).toEqual(['done', undefined]);
      expect(await bench.transaction([work])).toEqual([undefined]);
    });

    it('is asked for: what is in none is refused, and nothing is written', async () => {
      const { bench, add, claim } = await scene(harness);
      for (const [name, handle] of Object.entries(bench.bare)) {
        const refused = await add('ada')(handle).catch((error: unknown) => error);
        expect([name, refused]).toEqual([name, expect.objectContaining({ code: 'TRANSACTION_INVALID' })]);
      }
      expect(await claim()).toEqual([]);
    });

    it('is refused by a store of another kind', async () => {
      const { bench } = await scene(harness);
      const other = bench.store.kind === 'sqlite' ? 'postgres' : 'sqlite';
      const reading: Work<unknown> = async (handle) => void transactionOf(handle, other);
      await expect(bench.transaction([reading])).rejects.toThrow(/one of (postgres|sqlite) for a store of kind/);
    });

    it('takes the placeholders of its database, as often as they stand there, and leaves texts alone', async () => {
      const { bench } = await scene(harness);
      const { kind } = bench.store;
      const [sql, parameters] =
        kind === 'sqlite'
          ? [`select ? as "one", ? as "two", 'a $1' as "text"`, ['x', 2]]
          : [
              `select $2::int as "two", $1::text as "one", 'a ? $1' as "text", '{"x":1}'::jsonb ? $1 as "has", $1 || '' as "again"`,
              ['x', 2],
            ];
      const reading: Work<unknown> = async (handle) => transactionOf(handle, kind).run(sql, parameters);
      const [rows] = await bench.transaction([reading]);
      expect(rows).toEqual([
        kind === 'sqlite'
          ? { one: 'x', two: 2, text: 'a $1' }
          : { one: 'x', two: 2, text: 'a ? $1', has: true, again: 'x' },
      ]);
    });

    it('is told from every other by its database, where statements wait in line', async () => {
      const { bench } = await scene(harness);
      if (bench.store.kind !== 'postgres') return;
      const asking: Work<unknown> = async (handle) => (await pinOf(transactionOf(handle, 'postgres'))).pin;
      const [one, same] = await bench.transaction([asking, asking]);
      const [other] = await bench.transaction([asking]);
      expect([one, same === one, other === one]).toEqual([expect.stringMatching(/^\d+ \d+$/), true, false]);
    });

    it.runIf(harness.seesEnd)('is refused when it is over', async () => {
      const { bench, add, claim } = await scene(harness);
      for (const end of ['commit', 'rollback'] as const) {
        const [handle] = await bench.transaction([async (handle) => ({ handle })], end);
        await expect(add('ada')(handle?.handle as object)).rejects.toMatchObject({ code: 'TRANSACTION_INVALID' });
      }
      expect(await claim()).toEqual([]);
    });

    it.runIf(harness.seesCommit)('says when it was committed, and not before', async () => {
      const { bench } = await scene(harness);
      let isCommitted = false;
      const listening: Work<{ committed: Promise<unknown> | undefined }> = async (handle) => {
        const { committed } = transactionOf(handle, bench.store.kind);
        void committed?.then(() => (isCommitted = true));
        return { committed };
      };
      const looking: Work<{ committed: undefined }> = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        expect(isCommitted).toBe(false);
        return { committed: undefined };
      };
      const [heard] = await bench.transaction<{ committed: Promise<unknown> | undefined }>([listening, looking]);
      await heard?.committed;
      expect(isCommitted).toBe(true);
    });
  });
}
