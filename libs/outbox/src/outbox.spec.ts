import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  channel,
  type ChannelDeclaration,
  PermanentError,
  type ShutdownOptions,
  Worker,
  WorkerGateway,
  type WorkerContext,
  type WorkerFailure,
  WorkersControl,
  WorkersModule,
} from '@nestjs-workers/core';
import { HeldClock, until, workersTesting } from '@nestjs-workers/core/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DeadLetters, durable, type DurableOptions, MessageBuriedError, Outbox, OutboxModule } from './index.js';
import { type MemoryStore, memoryStore, memoryTransaction } from './testing/index.js';

interface Email {
  readonly to: string;
}

/** An application with one durable channel and one worker that does `handle` on it. */
async function application(
  handle: (email: Email, context: WorkerContext) => unknown,
  {
    options = {},
    out,
    failures,
    concurrency = 4,
    shutdown = {},
    clock,
    store = memoryStore(),
    autoStart = true,
  }: {
    options?: DurableOptions<Email>;
    out?: ChannelDeclaration;
    failures?: ChannelDeclaration<WorkerFailure>;
    concurrency?: number;
    shutdown?: ShutdownOptions;
    clock?: HeldClock;
    store?: MemoryStore;
    autoStart?: boolean;
  } = {},
) {
  const Emails = durable<Email>('emails', options);

  const ends = { ...(out === undefined ? {} : { out }), ...(failures === undefined ? {} : { failures }) };

  @Worker({ in: Emails, expose: true, concurrency, ...ends })
  @Injectable()
  class SendEmail {
    constructor(@Inject('handle') private readonly work: typeof handle) {}

    handle(email: Email, context: WorkerContext): unknown {
      return this.work(email, context);
    }
  }

  @Module({
    imports: [
      WorkersModule.forRoot({
        channels: [Emails, ...Object.values(ends)],
        guard: 'off',
        shutdown,
        autoStart,
        ...(clock === undefined ? {} : { clock }),
      }),
      OutboxModule.forRoot({ store }),
    ],
    providers: [SendEmail, { provide: 'handle', useValue: handle }],
  })
  class AppModule {}

  const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const workers = workersTesting(app);
  await app.init();
  onTestFinished(() => app.close());
  return {
    app,
    store,
    Emails,
    workers,
    worker: SendEmail,
    gateway: app.get(WorkerGateway),
    outbox: app.get(Outbox),
    dead: app.get(DeadLetters),
  };
}

describe('a durable channel that is paused', () => {
  it('is claimed from nowhere until it is resumed, and says by whom', async () => {
    const { gateway, worker, workers, app, store, Emails } = await application(() => {});
    const control = app.get(WorkersControl);
    const paused = workers.next('workers.action');
    await control.pause(Emails, { actor: 'ann' });
    expect(await paused).toMatchObject({ action: 'pause', channel: 'emails', actor: 'ann' });
    expect(await store.paused()).toMatchObject([{ channel: 'emails', by: 'ann' }]);
    await gateway.command(worker, { to: 'ada' });
    await until(async () => (await store.stats())['emails']?.ready === 1);
    expect(gateway.stats()).toMatchObject({
      channels: { emails: { isPaused: true } },
      workers: { SendEmail: { done: 0, inFlight: 0 } },
    });
    await control.resume(Emails);
    await until(() => gateway.stats().workers['SendEmail']?.done === 1);
    expect(gateway.stats().channels['emails']?.isPaused).toBe(false);
  });

  it('was paused on another host: this one follows within a second, and its senders go on', async () => {
    const { gateway, worker, workers, store } = await application(() => {});
    const told = workers.next('workers.action');
    await store.another().pause('emails', 'bob');
    expect(await told).toMatchObject({ action: 'pause', channel: 'emails', actor: 'bob' });
    expect(await gateway.command(worker, { to: 'ada' })).toBe('accepted');
    await store.another().resume('emails');
    await until(() => gateway.stats().workers['SendEmail']?.done === 1);
  });

  it('gives back what a worker that is paused had fetched', async () => {
    const held: (() => void)[] = [];
    const options = { prefetch: 2 };
    const { gateway, worker, app, store } = await application(
      () => new Promise<void>((resolve) => void held.push(resolve)),
      { options, concurrency: 1 },
    );
    for (let n = 0; n < 3; n++) await gateway.command(worker, { to: `${n}` });
    await until(async () => (await store.stats())['emails']?.claimed === 3);
    await app.get(WorkersControl).pause(worker);
    await until(async () => (await store.stats())['emails']?.ready === 2);
    held[0]?.();
    await until(async () => (await store.stats())['emails']?.claimed === 0);
    await app.get(WorkersControl).resume(worker);
    for (let n = 1; n < 3; n++) {
      await until(() => held.length === n + 1);
      held[n]?.();
    }
    await until(() => gateway.stats().workers['SendEmail']?.done === 3);
  });
});

describe('a durable channel', () => {
  it('gives what was put to its worker, with a key that is the same for all attempts', async () => {
    const seen: unknown[] = [];
    const { gateway, worker, workers } = await application((email, context) => {
      seen.push([
        email,
        context.attempt,
        context.isRetry(),
        typeof context.idempotencyKey(),
        context.createdAt instanceof Date,
      ]);
    });
    expect(await gateway.command(worker, { to: 'ada' })).toBe('accepted');
    await until(() => seen.length === 1);
    expect(seen).toEqual([[{ to: 'ada' }, 1, false, 'string', true]]);
    await workers.drain();
    expect(gateway.stats().workers['SendEmail']?.done).toBe(1);
  });

  it('gives its worker what is delayed when it is due, whichever host put it', async () => {
    const clock = new HeldClock();
    const store = memoryStore({ now: () => clock.wall() });
    const seen: string[] = [];
    const here = await application(({ to }) => void seen.push(`${to} at ${clock.now()}`), { clock, store });
    const elsewhere = await application(() => {}, { clock, store: store.another(), autoStart: false });
    await clock.advance(1_000);
    await elsewhere.gateway.command(elsewhere.worker, { to: 'bob' }, { delay: 330 });
    await clock.advance(330);
    await until(() => seen.length === 1);
    await here.gateway.command(here.worker, { to: 'ada' }, { delay: 70 });
    await clock.advance(70);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['bob at 1330', 'ada at 1400']);
  });

  it('answers a request when the outcome is recorded', async () => {
    const { gateway, worker } = await application((email) => `sent to ${email.to}`);
    expect(await gateway.request(worker, { to: 'ada' })).toBe('sent to ada');
  });

  it.each(['here', 'on another host'])(
    'refuses a request whose message became a dead letter %s with what it failed with last',
    async (where) => {
      const store = memoryStore();
      const handle = (_: Email, { attempt }: WorkerContext): never => {
        throw new Error(`no, ${attempt}`);
      };
      const options = { retry: { attempts: 2, backoff: { delay: 1, jitter: 'none' } } } as const;
      const here = await application(handle, { options, store, autoStart: where === 'here' });
      if (where !== 'here') await application(handle, { options, store: store.another() });
      const refused = await here.gateway.request(here.worker, { to: 'ada' }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(MessageBuriedError);
      expect(refused).toMatchObject({
        channel: 'emails',
        messageId: '1',
        reason: 'attempts',
        cause: { message: 'no, 2' },
      });
    },
  );

  it('tries again what failed, and buries what fails for good', async () => {
    const keys: string[] = [];
    const { gateway, worker, dead, workers } = await application(
      (_, context) => {
        keys.push(context.idempotencyKey());
        throw new Error(`no, ${context.attempt}`);
      },
      { options: { retry: { attempts: 3, backoff: { delay: 1, jitter: 'none' } } } },
    );
    const buried = workers.next('workers.buried');
    await gateway.command(worker, { to: 'ada' });
    expect(await buried).toMatchObject({ channel: 'emails', attempt: 3, reason: 'attempts' });
    expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
    const [letter] = await dead.find();
    expect(letter).toMatchObject({ payload: { to: 'ada' }, attempt: 3, reason: 'attempts' });
    expect(letter?.history.map(({ message }) => message)).toEqual(['no, 1', 'no, 2', 'no, 3']);
  });

  it('buries at once what a handler calls permanent, and a person can have it tried again', async () => {
    let isBroken = true;
    const { gateway, worker, dead, workers } = await application(() => {
      if (isBroken) throw new PermanentError('never');
    });
    const buried = workers.next('workers.buried');
    await gateway.command(worker, { to: 'ada' });
    const { messageId } = await buried;
    isBroken = false;
    await dead.retry(messageId);
    await workers.drain();
    expect([await dead.count(), gateway.stats().workers['SendEmail']?.done]).toEqual([0, 1]);
  });

  it('is written in a transaction or not at all', async () => {
    const seen: string[] = [];
    const { outbox, store, Emails, workers } = await application((email) => void seen.push(email.to));
    const [kept, undone] = [memoryTransaction(store), memoryTransaction(store)];
    await outbox.add(kept, Emails, { to: 'kept' });
    await outbox.add(undone, Emails, { to: 'undone' });
    undone.rollback();
    kept.commit();
    await until(() => seen.length > 0);
    await workers.drain();
    expect(seen).toEqual(['kept']);
  });

  it('says in each failure whether it is the last one', async () => {
    const Failures = channel<WorkerFailure>('failures', { buffer: 4 });
    const { gateway, worker, workers } = await application(
      () => {
        throw new Error('no');
      },
      { options: { retry: { attempts: 3, backoff: { delay: 1, jitter: 'none' } } }, failures: Failures },
    );
    const heard: WorkerFailure[] = [];
    gateway.channel(Failures).subscribe((failure) => void heard.push(failure));
    await gateway.command(worker, { to: 'ada' });
    await until(() => heard.length === 3);
    await workers.drain();
    expect(heard.map(({ attempt, retryable, willRetry }) => [attempt, retryable, willRetry])).toEqual([
      [1, true, true],
      [2, true, true],
      [3, true, false],
    ]);
  });

  it('counts in its statistics what this process put on it and what was claimed for workers here, and has no bounds', async () => {
    const { gateway, worker, outbox, store, Emails, workers } = await application(
      () => {
        throw new Error('no');
      },
      { options: { retry: { attempts: 3, backoff: { delay: 1, jitter: 'none' } } } },
    );
    const buried = workers.next('workers.buried');
    const transaction = memoryTransaction(store);
    await outbox.add(transaction, Emails, { to: 'ada' });
    transaction.commit();
    await buried;
    const bounds = { capacity: Number.MAX_SAFE_INTEGER, maxPendingPuts: Number.MAX_SAFE_INTEGER };
    expect(gateway.stats().channels['emails']).toMatchObject({ accepted: 0, taken: 3, ...bounds });
    const again = workers.next('workers.buried');
    const once = { deduplicate: { key: 'bob', window: '1h' } } as const;
    await gateway.command(worker, { to: 'bob' }, once);
    await gateway.command(worker, { to: 'bob' }, once);
    await again;
    expect(gateway.stats().channels['emails']).toMatchObject({ accepted: 1, taken: 6 });
  });

  it('tells every host of a commit that is seen, and nobody of a rollback', async () => {
    const { outbox, store, Emails, workers } = await application(() => {});
    const wake = vi.spyOn(store, 'wake');
    const [kept, undone] = [memoryTransaction(store), memoryTransaction(store)];
    const rolledBack = undone.ended.then(() => Promise.reject(new Error('rolled back')));
    await outbox.add(Object.assign(undone, { committed: rolledBack }), Emails, { to: 'undone' });
    undone.rollback();
    await expect(rolledBack).rejects.toThrow('rolled back');
    await outbox.add(Object.assign(kept, { committed: kept.ended }), Emails, { to: 'kept' });
    expect(wake).not.toHaveBeenCalled();
    kept.commit();
    await until(() => wake.mock.calls.length > 0);
    expect(wake.mock.calls).toEqual([[['emails']]]);
    await workers.drain();
  });

  it('puts what a handler returns on a durable output in the transaction that settles', async () => {
    const Sent = durable<string>('sent');
    const { gateway, worker, store } = await application((email) => email.to, { out: Sent });
    await gateway.command(worker, { to: 'ada' });
    await until(async () => (await store.stats())['sent']?.ready === 1);
    expect(await store.stats()).toMatchObject({ sent: { ready: 1 } });
    expect(gateway.stats().channels['sent']?.accepted).toBe(0);
  });

  it('offers it to an output in memory once it is settled', async () => {
    const Sent = channel<string>('sent', { buffer: 4 });
    const { gateway, worker, store } = await application((email) => email.to, { out: Sent });
    await gateway.command(worker, { to: 'ada' });
    await until(() => gateway.stats().channels['sent']?.depth === 1);
    expect((await store.stats())['emails'] ?? { claimed: 0 }).toMatchObject({ claimed: 0 });
  });

  it('gives back what was not started when the application stops', async () => {
    let entered = 0;
    const { app, gateway, worker, store } = await application(
      async (_, { signal }) => {
        entered++;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason;
      },
      { options: { prefetch: 8 }, concurrency: 1, shutdown: { deadline: '400ms', abortGrace: '200ms' } },
    );
    for (let i = 0; i < 5; i++) await gateway.command(worker, { to: String(i) });
    await until(async () => entered === 1 && (await store.stats())['emails']?.claimed === 5);
    const closing = app.close();
    await until(async () => ((await store.stats())['emails']?.ready ?? 0) >= 4);
    await closing;
    expect((await store.stats())['emails']).toMatchObject({ ready: 5, claimed: 0 });
  });
});

describe('a request that is a duplicate', () => {
  const once = { deduplicate: { key: 'a', window: '1h' } } as const;
  const asking = { ...once, timeout: '2s' } as const;
  const answersEarly = (_: Email, context: WorkerContext): string => {
    context.reply('early');
    return 'returned';
  };

  it.each(['before its handler is entered', 'while its handler runs'])(
    'of a command is answered with what became of that, when it comes %s',
    async (when) => {
      let goOn: () => void = () => {};
      const gate = new Promise<void>((resolve) => void (goOn = resolve));
      let entered = 0;
      const { gateway, worker, app, store } = await application(async (email) => {
        entered++;
        await gate;
        return `sent to ${email.to}`;
      });
      if (when.startsWith('before')) await app.get(WorkersControl).pause(worker);
      await gateway.command(worker, { to: 'ada' }, once);
      if (when.startsWith('while')) await until(() => entered === 1);
      const looks = vi.spyOn(store, 'finished');
      const asked = [gateway.request(worker, { to: 'eve' }, asking), gateway.request(worker, { to: 'eve' }, asking)];
      const answers = Promise.all(asked);
      await until(() => looks.mock.calls.length > 0);
      if (when.startsWith('before')) await app.get(WorkersControl).resume(worker);
      goOn();
      expect([await answers, entered]).toEqual([['sent to ada', 'sent to ada'], 1]);
    },
  );

  it('of a command that fails for good is refused with that', async () => {
    let goOn: () => void = () => {};
    const gate = new Promise<void>((resolve) => void (goOn = resolve));
    let entered = 0;
    const { gateway, worker, store } = await application(async () => {
      entered++;
      await gate;
      throw new PermanentError('never');
    });
    await gateway.command(worker, { to: 'ada' }, once);
    await until(() => entered === 1);
    const looks = vi.spyOn(store, 'finished');
    const refused = gateway.request(worker, { to: 'ada' }, asking).then(String, (error: unknown) => error);
    await until(() => looks.mock.calls.length > 0);
    goOn();
    expect(await refused).toMatchObject({ code: 'MESSAGE_BURIED', cause: { message: 'never' } });
  });

  it('of a request that is answered early gets that answer, too', async () => {
    let goOn: () => void = () => {};
    const gate = new Promise<void>((resolve) => void (goOn = resolve));
    let entered = 0;
    const { gateway, worker, store } = await application(async (_, context) => {
      entered++;
      context.reply('early');
      await gate;
      return 'returned';
    });
    const first = gateway.request(worker, { to: 'ada' }, asking);
    await until(() => entered === 1);
    const looks = vi.spyOn(store, 'finished');
    const second = gateway.request(worker, { to: 'ada' }, asking);
    await until(() => looks.mock.calls.length > 0);
    goOn();
    expect([await first, await second]).toEqual(['early', 'early']);
  });

  it('of one that was answered early and is over gets that answer, where it was kept', async () => {
    const { gateway, worker, workers } = await application(answersEarly, { options: { keep: '1h' } });
    const first = await gateway.request(worker, { to: 'ada' }, asking);
    await workers.drain();
    expect([first, await gateway.request(worker, { to: 'ada' }, asking)]).toEqual(['early', 'early']);
  });

  it('of a command gets what its handler returned: a command has nobody to answer early', async () => {
    const { gateway, worker, workers } = await application(answersEarly, { options: { keep: '1h' } });
    await gateway.command(worker, { to: 'ada' }, once);
    await workers.drain();
    expect(await gateway.request(worker, { to: 'ada' }, asking)).toBe('returned');
    expect(workers.events('workers.late')).toEqual([]);
  });

  it('of a command that is a dead letter is refused with that, also where results are kept', async () => {
    const { gateway, worker, workers } = await application(
      () => {
        throw new PermanentError('never');
      },
      { options: { keep: '1h' } },
    );
    const buried = workers.next('workers.buried');
    await gateway.command(worker, { to: 'ada' }, once);
    await buried;
    const refused = await gateway.request(worker, { to: 'ada' }, asking).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'MESSAGE_BURIED', reason: 'permanent', messageId: '1' });
  });

  it('of a message that is over is refused at once where its result was not kept', async () => {
    const { gateway, worker, workers } = await application((email) => email.to);
    await gateway.command(worker, { to: 'ada' }, once);
    await workers.drain();
    const asked = gateway.request(worker, { to: 'ada' }, asking);
    await expect(asked).rejects.toMatchObject({ code: 'RESULT_NOT_KEPT', channel: 'emails', messageId: '1' });
    await expect(asked).rejects.toThrow(/duplicate of message 1.*`keep`/);
  });

  it('of a message that is over is answered where its result was kept', async () => {
    const { gateway, worker, workers } = await application((email) => email.to, { options: { keep: '1h' } });
    await gateway.command(worker, { to: 'ada' }, once);
    await workers.drain();
    expect(await gateway.request(worker, { to: 'eve' }, asking)).toBe('ada');
  });
});

describe('a message that a host died with', () => {
  it.each(['channel', 'worker'] as const)(
    'keeps nothing else from being claimed while its %s is paused, and runs when that is resumed',
    async (paused) => {
      const begun: string[] = [];
      const ends: (() => void)[] = [];
      const store = memoryStore();
      const [Risky, Safe] = [durable<string>('risky'), durable<string>('safe')];

      class Work {
        handle(payload: string): Promise<void> {
          begun.push(payload);
          return new Promise((resolve) => void ends.push(resolve));
        }
      }
      @Worker({ in: Risky, expose: true })
      class RiskyWork extends Work {}
      @Worker({ in: Safe, expose: true, concurrency: 2 })
      class SafeWork extends Work {}

      const app = await Test.createTestingModule({
        imports: [
          WorkersModule.forRoot({ channels: [Risky, Safe], guard: 'off', autoStart: false }),
          OutboxModule.forRoot({ store }),
        ],
        providers: [RiskyWork, SafeWork],
      }).compile();
      const workers = workersTesting(app);
      await app.init();
      onTestFinished(async () => {
        for (const end of ends) end();
        await app.close();
      });
      const [gateway, control] = [app.get(WorkerGateway), app.get(WorkersControl)];
      await gateway.command(RiskyWork, 'risky');
      await dieWith(store.another(), 'risky');
      const target = paused === 'channel' ? Risky : RiskyWork;
      await control.pause(target);
      const known = workers.next('workers.taken-over');
      await gateway.start();
      await gateway.command(SafeWork, 'one that takes long');
      await until(() => begun.length === 1);
      await known;
      await gateway.command(SafeWork, 'one beside it');
      await until(() => begun.length === 2);
      for (const end of ends.splice(0)) end();
      await control.resume(target);
      await until(() => begun.length === 3);
      expect(begun).toEqual(['one that takes long', 'one beside it', 'risky']);
    },
  );
});

describe('a result that is routed', () => {
  it.each(['none', 'one that is paused'])(
    'is begun at once on a host that has its worker, where the one that routed it has %s',
    async (here) => {
      const store = memoryStore();
      const [First, Second] = [durable<string>('first'), durable<string>('second')];
      const done: string[] = [];

      @Worker({ in: First, out: Second, expose: true })
      class FirstWork {
        handle(payload: string): string {
          return `${payload} routed`;
        }
      }
      @Worker({ in: Second })
      class SecondWork {
        handle(payload: string): void {
          done.push(payload);
        }
      }
      const relay = { pollInterval: '1h' } as const;
      const host = async (only: string[], own: typeof store) => {
        const app = await Test.createTestingModule({
          imports: [
            WorkersModule.forRoot({ channels: [First, Second], guard: 'off', run: { only } }),
            OutboxModule.forRoot({ store: own, relay }),
          ],
          providers: [FirstWork, SecondWork],
        }).compile();
        await app.init();
        onTestFinished(() => app.close());
        return app;
      };
      const first = await host(here === 'none' ? ['FirstWork'] : ['FirstWork', 'SecondWork'], store);
      if (here !== 'none') await first.get(WorkersControl).pause(SecondWork);
      await host(['SecondWork'], store.another());
      await first.get(WorkerGateway).command(FirstWork, 'a');
      await until(() => done.length === 1);
      expect(done).toEqual(['a routed']);
    },
  );
});

describe('a module that asks for the outbox of its application', () => {
  const Emails = durable<Email>('emails');
  @Injectable()
  class Postman {
    constructor(
      @Inject(Outbox) readonly outbox: Outbox,
      @Inject(DeadLetters) readonly letters: DeadLetters,
    ) {}
  }
  @Module({ imports: [OutboxModule.forFeature()], providers: [Postman] })
  class PostModule {}

  it('has it also where that is not global', async () => {
    const store = memoryStore();
    const building = Test.createTestingModule({
      imports: [
        PostModule,
        WorkersModule.forRoot({ channels: [Emails], guard: 'off' }),
        OutboxModule.forRoot({ store, isGlobal: false }),
      ],
    });
    const app = await building.compile();
    await app.init();
    onTestFinished(() => app.close());
    const { outbox, letters } = app.get(Postman, { strict: false });
    const transaction = memoryTransaction(store);
    expect(await outbox.add(transaction, Emails, { to: 'ada' })).toMatchObject({ isDuplicate: false });
    transaction.commit();
    expect([(await store.stats())['emails']?.ready, await letters.count()]).toEqual([1, 0]);
  });

  it('is refused at the start where there is none', async () => {
    const app = await Test.createTestingModule({
      imports: [WorkersModule.forRoot({ guard: 'off' }), PostModule],
    }).compile();
    await expect(app.init()).rejects.toThrow(/the outbox of the application it is in, which has none/);
  });
});

describe('an application that only sends', () => {
  it('has its tables and may put before, and without, anything being started', async () => {
    const store = memoryStore();
    const Emails = durable<Email>('emails');

    @Worker({ in: Emails, expose: true })
    class SendEmail {
      handle(): void {}
    }

    @Module({
      imports: [WorkersModule.forRoot({ channels: [Emails], autoStart: false }), OutboxModule.forRoot({ store })],
      providers: [SendEmail],
    })
    class AppModule {}

    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
    onTestFinished(() => app.close());
    expect(await app.get(WorkerGateway).command(SendEmail, { to: 'ada' } as never)).toBe('accepted');
    expect((await store.migrations.status()).every(({ appliedAtMs }) => appliedAtMs !== undefined)).toBe(true);
    expect((await store.stats())['emails']?.ready).toBe(1);
  });
});

/** Claims what is on `channel` on a host that is dead when its lease is over. */
async function dieWith(store: ReturnType<typeof memoryStore>, channel: string): Promise<void> {
  const deaf = { onWake: () => {}, onFinished: () => {}, onLost: () => {}, onFault: () => {} };
  await store.open({ migrate: true });
  const seat = await store.enroll({ name: 'there', leaseMs: 30_000, ...deaf });
  expect(await store.claim(seat, [{ channel, room: 1 }])).toHaveLength(1);
  store.kill(seat.host);
}
