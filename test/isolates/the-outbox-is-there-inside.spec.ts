import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channel, provideWorkers, Worker, WorkersControl } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { type Added, DeadLetters, Outbox, OutboxModule, TransactionInvalidError } from '@nestjs-workers/outbox';
import { sqliteStore } from '@nestjs-workers/outbox/sqlite';
import Libsql from 'libsql';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { rejection, startedOnce } from '../support/application.js';
import { FROM_SOURCES } from '../support/sources.js';
import {
  Alone,
  Away,
  ClerkAlone,
  ClerkAway,
  ClerkHere,
  ClerkThere,
  Here,
  Mail,
  Mails,
  type Order,
  There,
} from './fixtures/ordering.js';

const folder = mkdtempSync(join(tmpdir(), 'outbox-inside-'));
const file = join(folder, 'shop.db');
const database = new Libsql(file);
database.exec('create table orders (customer text not null)');

const sent: string[] = [];

@Worker({ in: Mails, key: ({ payload }) => payload.to.slice(0, 1) })
class Mailer {
  handle({ to }: Mail): void {
    if (to.startsWith('dead')) throw new Error('no such address');
    sent.push(to);
  }
}

const store = sqliteStore({ file, driver: 'libsql', synchronous: 'normal' });
const InMemory = channel('in-memory');

afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

describe('the outbox', () => {
  const app = startedOnce({
    channels: [Here, There, Away, Mails, InMemory],
    imports: [OutboxModule.forRoot({ store })],
    providers: [Mailer, ...provideWorkers(ClerkHere, ClerkThere, ClerkAway)],
    isolates: { execArgv: FROM_SOURCES, startupTimeout: '60s' },
    workers: { ClerkHere: { dispatch: 'inline' } },
    shutdown: { deadline: '10s' },
  });

  beforeEach(() => {
    sent.length = 0;
    database.exec('delete from orders');
  });

  const customers = (): unknown[] =>
    (database.prepare('select customer from orders order by rowid').all() as { customer: string }[]).map(
      ({ customer }) => customer,
    );
  const isSent = (count: number) =>
    until(
      () => sent.length >= count,
      '10s',
      () => `${count} mails, not ${sent.join()}`,
    );

  describe.each([
    ['in this process, in a context of its own', ClerkHere, true],
    ['in a thread', ClerkThere, false],
    ['in a process', ClerkAway, false],
  ] as const)('%s', (_where, worker, isHere) => {
    const ask = (how: Order['how'], order: Omit<Order, 'file' | 'how'> = {}) =>
      app().gateway.request(worker, { file, how, ...order });
    const failure = async (how: Order['how'], order: Omit<Order, 'file' | 'how'> = {}): Promise<Error> =>
      (await rejection(ask(how, order))).cause as Error;

    it('writes in a transaction that is begun and committed there, and the message is handled', async () => {
      const added = (await ask('begun', { to: 'ada' })) as Added;
      expect(added).toEqual({ id: expect.stringMatching(/^\d+$/), isDuplicate: false });
      await isSent(1);
      expect([sent, customers()]).toEqual([['ada'], ['ada']]);
    });

    it('takes back with it what is rolled back', async () => {
      await ask('begun', { to: 'bob', end: 'rollback' });
      await ask('kysely', { to: 'eve' });
      await isSent(1);
      expect([sent, customers()]).toEqual([['eve'], ['eve']]);
      expect((await store.stats())['mails']?.ready ?? 0).toBe(0);
    });

    it('writes many in their order, under the key of the worker and with what the sender says', async () => {
      const control = app().moduleRef.get(WorkersControl);
      await control.pause(Mails);
      const options = { headers: { tint: 'red' }, deduplicate: { key: `of ${worker.name}`, window: '1m' } } as const;
      const [[first], byName] = (await ask('many', { to: ['zoe'], options })) as [[Added], Added];
      const again = (await ask('many', { to: ['zoe'], options })) as [[Added], Added];
      expect(again[0]).toEqual([{ id: first.id, isDuplicate: true }]);
      expect(byName.isDuplicate).toBe(false);
      const waiting = await store.peek('mails', 10);
      expect(waiting.find(({ id }) => String(id) === first.id)).toMatchObject({
        key: 'z',
        payload: '{"to":"zoe"}',
        headers: '{"tint":"red"}',
      });
      expect(waiting.map(({ key }) => key)).toEqual(['z', 'b', 'b']);
      await control.resume(Mails);
      await isSent(3);
    });

    it('refuses what the channel refuses, as the class that it has here, and leaves the transaction as it was', async () => {
      expect(await ask('refused')).toEqual([
        ['PayloadInvalidError', true, 'PAYLOAD_INVALID'],
        ['ChannelUnknownError', false, 'CHANNEL_UNKNOWN'],
        ['NotDurableError', false, 'NOT_DURABLE'],
      ]);
    });

    it('refuses a handle on which no transaction is open', async () => {
      const error = await failure('outside', { to: 'ada' });
      expect(error).toMatchObject({ name: TransactionInvalidError.name, code: 'TRANSACTION_INVALID' });
      expect(error.message).toMatch(/no transaction is open/);
    });

    it.each(['inFunction', 'beforeAnother'] as const)(
      'writes nothing for a synchronous transaction that is over when the answer comes, also where another is open (%s)',
      async (how) => {
        const error = await failure(how, { to: 'too late' });
        expect(error.message).toMatch(
          /one that was over before the message came to be written\. Nothing was written\./,
        );
        await ask('begun', { to: 'the next' });
        await isSent(1);
        expect([sent, customers()]).toEqual([['the next'], ['too late', 'the next']]);
      },
    );

    it('records in a synchronous transaction that work was done, and does it once', async () => {
      const id = `once ${worker.name}`;
      expect(await ask('once', { id })).toEqual([true, undefined]);
      expect(await ask('once', { id })).toEqual([undefined, undefined]);
      expect(customers()).toEqual([id]);
    });

    it('shows its dead letters there and has them tried again, also while the context is being opened', async () => {
      const outbox = app().moduleRef.get(Outbox);
      database.exec('begin immediate');
      await outbox.add(database, Mails, Object.assign(new Mail(), { to: `dead ${worker.name}` }));
      database.exec('commit');
      await until(async () => (await app().moduleRef.get(DeadLetters).count()) === 1);
      const done = (await ask('dying', { id: 'alive' })) as Record<string, unknown>;
      expect(done).toMatchObject({
        letter: {
          channel: 'mails',
          payload: { to: `dead ${worker.name}` },
          deadAt: expect.any(Date),
          reason: 'attempts',
        },
        unknown: ['DeadLetterUnknownError', expect.stringContaining('999999 is no dead letter')],
        counted: 0,
        atStart: 0,
      });
      await isSent(1);
      expect(sent).toEqual(['alive']);
    });

    it('is told that a transaction was committed', async () => {
      await ask('wake');
      expect(isHere || app().workers.events('workers.fault')).toBeTruthy();
      expect(app().workers.events('workers.fault')).toEqual([]);
    });
  });
});

describe('an application without an outbox', () => {
  const app = startedOnce({
    channels: [Alone],
    providers: provideWorkers(ClerkAlone),
    isolates: { startupTimeout: '60s' },
  });

  it('may have a handler whose context shares a module that imports one; it is missed when it is used', async () => {
    const missing = expect.stringMatching(/the outbox of the application it is in, which has none/) as string;
    expect(await app().gateway.request(ClerkAlone, null)).toEqual([missing, missing]);
  });
});
