import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { Type } from 'class-transformer';
import {
  IsEmail,
  IsInt,
  Min,
  registerDecorator,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { channel } from '../channel/channel.declaration.js';
import { ChannelClosedError, ChannelOverflowError, MessageDroppedError } from '../channel/channel.errors.js';
import type { ChannelOptions } from '../channel/channel.options.js';
import { PayloadInvalidError } from '../channel/payload.check.js';
import { type Blueprint, boot } from '../testing/fixtures/boot.js';
import { calm, gate, rejection } from '../testing/fixtures/promises.js';
import { HeldClock } from '../testing/held.clock.js';
import { RecordingDispatcher } from '../testing/recording.dispatcher.js';
import type { WorkerContext } from '../worker/worker.context.js';
import { ConfigurationError } from '../option.table.js';
import { Worker } from '../worker/worker.decorator.js';
import { OverloadedError, RequestAbortedError } from './gateway.errors.js';

/** An application with one exposed worker on one channel; its runs end when the test says so, or at once. */
async function withWorker(
  options: ChannelOptions,
  handle: (payload: never, context: WorkerContext) => unknown = () => undefined,
  blueprint: Blueprint = {},
) {
  const Given = channel<never>('given', options as ChannelOptions<never>);
  @Worker({ in: Given, expose: true })
  class Tested {
    handle(payload: never, context: WorkerContext): unknown {
      return handle(payload, context);
    }
  }
  return boot({ channels: [Given], providers: [Tested], ...blueprint });
}

describe('a payload', () => {
  @ValidatorConstraint({ async: true })
  class IsNotTaken implements ValidatorConstraintInterface {
    async validate(value: unknown): Promise<boolean> {
      await calm();
      return value !== 'taken@example.org';
    }

    defaultMessage(): string {
      return 'email is taken';
    }
  }

  function isNotTaken(target: object, propertyName: string): void {
    registerDecorator({ target: target.constructor, propertyName, validator: IsNotTaken });
  }

  class Street {
    @Min(1)
    number!: number;
  }

  class Person {
    @IsEmail()
    @isNotTaken
    email!: string;

    @IsInt()
    age!: number;

    @ValidateNested()
    @Type(() => Street)
    street?: Street;
  }

  it('that a class declares reaches the handler as an instance of it', async () => {
    const { gateway } = await withWorker({ payload: Person }, (person: Person) => [
      person instanceof Person,
      person.street instanceof Street,
      person.street?.number,
    ]);
    const plain = { email: 'a@example.org', age: 3, street: { number: 7 } };
    expect(await gateway.request('Tested', plain)).toEqual([true, true, 7]);
  });

  it('that breaks its class is refused with the whole list, and enters no channel', async () => {
    const { gateway } = await withWorker({ payload: Person }, () => expect.unreachable());
    const wrong = { email: 'nobody', age: 'old', street: { number: 0 } };
    for (const refused of [gateway.command('Tested', wrong), gateway.request('Tested', wrong)]) {
      const error = await rejection(refused);
      expect(error).toBeInstanceOf(PayloadInvalidError);
      expect(error).toMatchObject({
        code: 'PAYLOAD_INVALID',
        channel: 'given',
        payload: wrong,
        issues: [
          { path: 'email', message: 'email must be an email' },
          { path: 'age', message: 'age must be an integer number' },
          { path: 'street.number', message: 'number must not be less than 1' },
        ],
      });
      expect(error.message).toBe(
        [
          'A payload for channel "given" is not what the channel declares:',
          '  - email: email must be an email',
          '  - age: age must be an integer number',
          '  - street.number: number must not be less than 1',
        ].join('\n'),
      );
    }
    expect(gateway.stats().channels['given']).toMatchObject({ accepted: 0, refused: 2 });
  });

  it('is waited for while it is validated', async () => {
    const { gateway } = await withWorker({ payload: Person });
    const refused = await rejection(gateway.command('Tested', { email: 'taken@example.org', age: 3 }));
    expect(refused).toMatchObject({ issues: [{ path: 'email', message: 'email is taken' }] });
  });

  it('that is no object is refused by its class', async () => {
    const { gateway } = await withWorker({ payload: Person });
    const refused = await rejection(gateway.command('Tested', 'a person'));
    expect(refused).toMatchObject({ issues: [{ path: '', message: 'expected a Person, got a person' }] });
  });

  const zodded = z.object({ items: z.array(z.object({ price: z.coerce.number().positive() })), note: z.string() });
  const valibotted = v.object({
    items: v.array(v.object({ price: v.pipe(v.unknown(), v.transform(Number), v.number(), v.minValue(0.01)) })),
    note: v.string(),
  });
  it.each([
    ['zod', zodded],
    ['valibot', valibotted],
  ])('is checked by %s, and the handler gets what the schema makes of it', async (_name, payload) => {
    const { gateway } = await withWorker({ payload }, (order: unknown) => order);
    const order = { items: [{ price: '12.5' }], note: 'soon', more: 'is left out' };
    expect(await gateway.request('Tested', order)).toEqual({ items: [{ price: 12.5 }], note: 'soon' });
    const error = await rejection(gateway.command('Tested', { items: [{ price: '1' }, { price: '-1' }] }));
    expect(error).toBeInstanceOf(PayloadInvalidError);
    expect((error as unknown as PayloadInvalidError).issues.map(({ path }) => path)).toEqual(['items.1.price', 'note']);
  });

  it('may be checked by a schema that takes its time', async () => {
    const slow = z.string().refine(async (text) => (await calm(), text !== 'bad'), 'is bad');
    const { gateway } = await withWorker({ payload: slow }, (text: string) => text);
    expect(await gateway.request('Tested', 'good')).toBe('good');
    expect(await rejection(gateway.request('Tested', 'bad'))).toMatchObject({ issues: [{ message: 'is bad' }] });
  });

  it('without a declaration is whatever it is', async () => {
    const { gateway } = await withWorker({}, (payload: unknown) => payload);
    const strange = new Map([[Symbol('a'), new Date(0)]]);
    expect(await gateway.request('Tested', strange)).toBe(strange);
  });
});

describe('headers', () => {
  it('ride along to the handler', async () => {
    const { gateway } = await withWorker({}, (_: unknown, { headers }) => headers);
    const headers = { traceparent: '00-a-b-01' };
    expect(await gateway.request('Tested', 1, { headers })).toEqual(headers);
    expect(await gateway.request('Tested', 1)).toEqual({});
  });
});

describe("the sender's asynchronous context", () => {
  const user = new AsyncLocalStorage<string>();
  const whoami = async (): Promise<unknown> => {
    const before = user.getStore();
    await calm();
    return [before, user.getStore()];
  };

  it('reaches the handler with propagateContext', async () => {
    const { gateway } = await withWorker({ buffer: 4 }, whoami, { propagateContext: true });
    const replies = ['Ann', 'Bob'].map((name) => user.run(name, () => gateway.request('Tested', 1)));
    expect(await Promise.all(replies)).toEqual([
      ['Ann', 'Ann'],
      ['Bob', 'Bob'],
    ]);
  });

  it('does so for one worker where the worker says so', async () => {
    const { gateway } = await withWorker({}, whoami, { workers: { Tested: { propagateContext: true } } });
    expect(await user.run('Ann', () => gateway.request('Tested', 1))).toEqual(['Ann', 'Ann']);
  });

  it('leaks into no handler without it', async () => {
    const { gateway } = await withWorker({ buffer: 4 }, whoami);
    await gateway.request('Tested', 0);
    const replies = ['Ann', 'Bob', 'Cid'].map((name) => user.run(name, () => gateway.request('Tested', 1)));
    for (const said of await Promise.all(replies)) expect(said).toEqual([undefined, undefined]);
  });
});

describe('a full channel', () => {
  it("with putMode 'async' accepts up to maxPendingPuts, then gives the message back in an error", async () => {
    const dispatch = new RecordingDispatcher();
    const { gateway } = await withWorker({ maxPendingPuts: 2 }, undefined, { dispatch });
    for (const n of [1, 2, 3]) expect(await gateway.command('Tested', n)).toBe('accepted');
    const error = await rejection(gateway.command('Tested', 4));
    expect(error).toBeInstanceOf(ChannelOverflowError);
    expect(error).toMatchObject({ code: 'CHANNEL_OVERFLOW', maxPendingPuts: 2, undelivered: { payload: 4 } });
    expect(await rejection(gateway.request('Tested', 5))).toBeInstanceOf(ChannelOverflowError);
  });

  it("with putMode 'block' lets the sender wait for room, until its signal aborts", async () => {
    const dispatch = new RecordingDispatcher();
    const { gateway, workers } = await withWorker({ putMode: 'block' }, undefined, { dispatch });
    await gateway.command('Tested', 1);
    const told: string[] = [];
    void gateway.command('Tested', 2).then((result) => told.push(result));
    const sender = new AbortController();
    const refused = rejection(gateway.command('Tested', 3, { signal: sender.signal }));
    await calm();
    expect([told, gateway.stats().channels['given']?.pendingPuts]).toEqual([[], 2]);
    sender.abort(new Error('changed my mind'));
    expect((await refused).cause).toMatchObject({ message: 'changed my mind' });
    (await dispatch.next()).done();
    (await dispatch.next()).done();
    expect(await workers.drain()).toMatchObject({ done: 2 });
    expect(told).toEqual(['accepted']);
  });

  it("with putMode 'drop' says so to a command, and rejects a request", async () => {
    const { gateway } = await withWorker({ putMode: 'drop' }, undefined, { dispatch: new RecordingDispatcher() });
    expect(await gateway.command('Tested', 1)).toBe('accepted');
    expect(await gateway.command('Tested', 2)).toBe('dropped');
    const error = await rejection(gateway.request('Tested', 3));
    expect(error).toBeInstanceOf(MessageDroppedError);
    expect(error).toMatchObject({ reason: 'input-drop', channel: 'given', undelivered: { payload: 3 } });
    expect(gateway.stats().channels['given']?.drops).toEqual({ 'input-drop': 2 });
  });

  it.each([
    ['dropping', 'buffer-drop', 3],
    ['sliding', 'buffer-slide', 2],
  ] as const)('that is %s rejects the request it loses', async (bufferType, reason, lost) => {
    const options = { buffer: 1, bufferType };
    const { gateway } = await withWorker(options, undefined, {
      dispatch: new RecordingDispatcher((run) => run.payload === 1 || run.done(run.payload)),
    });
    const replies = [1, 2, 3].map((n) => gateway.request('Tested', n));
    for (const reply of replies) reply.catch(() => {});
    expect(await rejection(replies[lost - 1] as Promise<unknown>)).toMatchObject({ reason, code: 'MESSAGE_DROPPED' });
    expect(gateway.stats().channels['given']?.drops).toEqual({ [reason]: 1 });
  });

  it('that is closed refuses, with the message in the error', async () => {
    const { gateway } = await withWorker({ buffer: 1 });
    gateway.channel('given').complete();
    const error = await rejection(gateway.command('Tested', 1));
    expect(error).toBeInstanceOf(ChannelClosedError);
    expect(error).toMatchObject({ undelivered: { payload: 1 } });
    expect(await rejection(gateway.request('Tested', 2))).toBeInstanceOf(ChannelClosedError);
  });
});

describe('an overloaded channel', () => {
  it('sheds by depth, says when to come back, and counts what it refused', async () => {
    const dispatch = new RecordingDispatcher();
    const shed = { at: 0.5, retryAfter: '3s' } as const;
    const { gateway } = await withWorker({ buffer: 4, shed }, undefined, { dispatch });
    for (const n of [1, 2, 3]) await gateway.command('Tested', n);
    const error = await rejection(gateway.command('Tested', 4));
    expect(error).toBeInstanceOf(OverloadedError);
    expect(error).toMatchObject({ code: 'OVERLOADED', worker: 'Tested', channel: 'given', retryAfterMs: 3_000 });
    expect(error.message).toBe(
      'A message for worker "Tested" was refused because channel "given" is overloaded: 2 of 4 places are taken. Try again in 3000 ms.',
    );
    expect(gateway.stats().channels['given']).toMatchObject({ accepted: 3, refused: 1 });
    for (let n = 0; n < 3; n++) (await dispatch.next()).done();
    expect(await gateway.command('Tested', 5)).toBe('accepted');
  });

  it('sheds by the age of the oldest message', async () => {
    const clock = new HeldClock();
    const dispatch = new RecordingDispatcher();
    const shed = { oldestAge: '2s' } as const;
    const { gateway } = await withWorker({ buffer: 100, shed }, undefined, { dispatch, clock });
    await gateway.command('Tested', 1);
    await gateway.command('Tested', 2);
    await clock.advance('2s');
    expect(await gateway.command('Tested', 3)).toBe('accepted');
    await clock.advance(1);
    expect((await rejection(gateway.request('Tested', 4))).message).toContain(
      'the oldest message has waited for 2001 ms',
    );
  });

  it('sheds nothing without being told to', async () => {
    const { gateway } = await withWorker({ buffer: 2 }, undefined, { dispatch: new RecordingDispatcher() });
    for (let n = 0; n < 20; n++) expect(await gateway.command('Tested', n)).toBe('accepted');
  });
});

describe('a request that nobody waits for any more', () => {
  it('is not run when it expires while it waits, and counted as expired', async () => {
    const clock = new HeldClock();
    const dispatch = new RecordingDispatcher();
    const { gateway, workers } = await withWorker({ buffer: 4 }, undefined, { dispatch, clock });
    await gateway.command('Tested', 'first');
    const refused = rejection(gateway.request('Tested', 'expires', { timeout: '5s' }));
    await gateway.command('Tested', 'last');
    await clock.advance('5s');
    expect(await refused).toMatchObject({ code: 'REQUEST_TIMEOUT', timeoutMs: 5_000 });
    (await dispatch.next()).done();
    (await dispatch.next()).done();
    await workers.drain();
    expect(dispatch.runs.map(({ payload }) => payload)).toEqual(['first', 'last']);
    expect(gateway.stats().channels['given']).toMatchObject({ taken: 2, drops: { expired: 1 } });
  });

  it('is not run when its caller aborts while it waits', async () => {
    const dispatch = new RecordingDispatcher();
    const { gateway, workers } = await withWorker({ buffer: 4 }, undefined, { dispatch });
    await gateway.command('Tested', 'first');
    const caller = new AbortController();
    const refused = rejection(gateway.request('Tested', 'left', { signal: caller.signal }));
    caller.abort(new Error('gone'));
    expect(await refused).toBeInstanceOf(RequestAbortedError);
    (await dispatch.next()).done();
    await workers.drain();
    expect(dispatch.runs).toHaveLength(1);
    expect(gateway.stats().channels['given']?.drops).toEqual({ expired: 1 });
  });

  it('shares its signal with many others, and does not listen to it when it is answered', async () => {
    const { gateway } = await withWorker({ buffer: 4 }, (payload) => payload);
    const { signal } = new AbortController();
    const replies = Array.from({ length: 20 }, (_, n) => gateway.request('Tested', n, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(replies);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is refused, and counted, when it wants what only a durable channel can do, with the names of it', async () => {
    const { gateway } = await withWorker({ buffer: 4 }, () => expect.unreachable());
    const delayed = await rejection(gateway.command('Tested', 1, { delay: '1m' }));
    expect(delayed).toBeInstanceOf(ConfigurationError);
    expect(delayed.message).toContain('delay: only a durable channel can do this, and "given"');
    const both = await rejection(gateway.request('Tested', 1, { delay: '1m', priority: 1 }));
    expect(both.message).toMatch(/delay, priority: .* leave them out/);
    expect(gateway.stats().channels['given']).toMatchObject({ accepted: 0, refused: 2 });
  });

  it('is never put when its signal was aborted before', async () => {
    const { gateway } = await withWorker({ buffer: 4 }, () => expect.unreachable());
    const signal = AbortSignal.abort(new Error('before'));
    expect(await rejection(gateway.request('Tested', 1, { signal }))).toBeInstanceOf(RequestAbortedError);
    expect(await rejection(gateway.command('Tested', 1, { signal }))).toBeInstanceOf(RequestAbortedError);
    expect(gateway.stats().channels['given']?.accepted).toBe(0);
  });

  it('is not run when it expires while it is validated', async () => {
    const clock = new HeldClock();
    const { opened, open } = gate();
    const slow = z.string().refine(async () => (await opened, true));
    const { gateway, workers } = await withWorker({ buffer: 4, payload: slow }, () => expect.unreachable(), { clock });
    const refused = rejection(gateway.request('Tested', 'x', { timeout: '1s' }));
    await clock.advance('1s');
    expect(await refused).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    open();
    await calm();
    expect(await workers.drain()).toMatchObject({ done: 0, failed: 0 });
  });
});

describe('how long a request waits', () => {
  const silent = { dispatch: new RecordingDispatcher() };

  it.each([
    ['30 s by default', {}, {}, 30_000],
    ['what the module says', { requestTimeout: '2s' }, {}, 2_000],
    ['what the request says', { requestTimeout: '2s' }, { timeout: '7s' }, 7_000],
  ] as const)('is %s', async (_what, blueprint, options, expectedMs) => {
    const clock = new HeldClock();
    const { gateway } = await withWorker({ buffer: 4 }, undefined, { ...silent, ...blueprint, clock });
    let settledAt: number | undefined;
    const refused = rejection(gateway.request('Tested', 1, options)).finally(() => (settledAt = clock.now()));
    await clock.advance(expectedMs - 1);
    expect(settledAt).toBeUndefined();
    await clock.advance('1m');
    await refused;
    expect(settledAt).toBe(expectedMs);
  });

  it('must be a duration', async () => {
    const { gateway } = await withWorker({ buffer: 4 }, undefined, silent);
    const error = await rejection(gateway.request('Tested', 1, { timeout: 'soon' as never }));
    expect(error.message).toContain('request(Tested).timeout: expected a duration, got soon (string).');
  });
});
