import { describe, expect, it } from 'vitest';
import type { Channel } from '../channel/channel.js';
import { RequestTimeoutError } from '../gateway/gateway.errors.js';
import { PermanentError, RetryableError } from '../message/fault.js';
import { Message } from '../message/message.js';
import { Announcer } from '../observe/announcer.js';
import { calm, rejection } from '../testing/fixtures/promises.js';
import { HeldClock } from '../testing/held.clock.js';
import { until } from '../testing/until.js';
import { live } from './fixtures/channels.js';
import { type Running, running } from './fixtures/running.js';
import type { WorkerFailure } from './failure.js';
import type { WorkerContext } from './worker.context.js';
import { HandlerFailedError } from './worker.errors.js';

/** What lies in `channel`, taken out. */
function contents<T>(channel: Channel<T>): Message<T>[] {
  const messages: Message<T>[] = [];
  for (let message = channel.take(); message !== undefined; message = channel.take()) messages.push(message);
  return messages;
}

function names({ events }: Running): string[] {
  return events.map(({ name }) => name).filter((name) => name !== 'workers.started');
}

describe('what a handler returns', () => {
  it('answers the caller, then goes to the output, then is announced', async () => {
    const announcer = new Announcer();
    const out = live<number>('doubles', { buffer: 1 }, announcer);
    const order: string[] = [];
    out.tap$.subscribe(({ payload }) => order.push(`output ${payload}`));
    const { ask } = await running((n: number) => n * 2, { out: out as Channel, announcer });
    announcer.listen(({ name }) => order.push(name), ['workers.completed']);
    expect(await ask(21)).toBe(42);
    expect(order).toEqual(['output 42', 'workers.completed']);
  });

  it('takes the headers of its message along to the output', async () => {
    const out = live('doubles', { buffer: 1 });
    const { source, runner } = await running((n: number) => n * 2, { out });
    source.put(new Message(1, 0, { traceparent: '00-ab-cd-01' }));
    await until(() => runner.isQuiet);
    expect(contents(out)).toMatchObject([{ payload: 2, headers: { traceparent: '00-ab-cd-01' } }]);
  });

  it.each([undefined, null])('puts nothing on the output when it is %s, and answers with that', async (nothing) => {
    const out = live('doubles', { buffer: 1 });
    const { ask } = await running(() => nothing, { out });
    expect(await ask(1)).toBe(nothing);
    expect(out.isEmpty).toBe(true);
  });

  it.each([0, '', false, Number.NaN])('puts %j on the output: only undefined and null are nothing', async (little) => {
    const out = live('doubles', { buffer: 1 });
    const { ask } = await running(() => little, { out });
    expect(await ask(1)).toBe(little);
    expect(contents(out).map(({ payload }) => payload)).toEqual([little]);
  });

  it('is dropped, counted and announced when the output has no room; the message is done all the same', async () => {
    const announcer = new Announcer();
    const out = live('doubles', { buffer: 1 }, announcer);
    const all = await running((n: number) => n * 2, { out, announcer });
    expect([await all.ask(1), await all.ask(2)]).toEqual([2, 4]);
    expect(out.stats().drops).toEqual({ 'output-drop': 1 });
    const told = names(all).filter((name) => name !== 'workers.saturation');
    expect(told).toEqual(['workers.accepted', 'workers.completed', 'workers.drop', 'workers.completed']);
    expect(all.events.find(({ name }) => name === 'workers.drop')).toMatchObject({
      channel: 'doubles',
      reason: 'output-drop',
    });
  });
});

describe('context.reply', () => {
  it('answers before the handler returns; the returned value still goes to the output', async () => {
    const out = live('doubles', { buffer: 1 });
    const all = await running(
      (n: number, context) => {
        context.reply('working on it');
        return n * 2;
      },
      { out },
    );
    expect(await all.ask(1)).toBe('working on it');
    expect(contents(out).map(({ payload }) => payload)).toEqual([2]);
  });

  it('keeps its answer when the handler throws then; the failure is recorded', async () => {
    const all = await running((_: number, context) => {
      context.reply('fine so far');
      throw new Error('and then not');
    });
    expect(await all.ask(1)).toBe('fine so far');
    await until(() => all.runner.isQuiet);
    expect(all.runner.stats().failed).toEqual({ handler_error: 1 });
    expect(all.events.at(-1)).toMatchObject({ name: 'workers.error', error: new Error('and then not') });
  });

  it('counts once; a second one is ignored and reported as late', async () => {
    const all = await running((_: number, context: WorkerContext) => {
      context.reply('first');
      context.reply('second');
    });
    expect(await all.ask(1)).toBe('first');
    expect(names(all)).toEqual(['workers.late', 'workers.completed']);
    expect(all.events.find(({ name }) => name === 'workers.late')).toMatchObject({ what: 'reply' });
  });

  it('does nothing when nobody waits', async () => {
    const all = await running((_: number, context: WorkerContext) => context.reply('to nobody'));
    all.put(1);
    await calm();
    expect(names(all)).toEqual(['workers.completed']);
  });
});

describe('what a handler throws', () => {
  it('is the cause of what the caller gets', async () => {
    const thrown = new PermanentError('no such image');
    const { ask } = await running(async () => Promise.reject(thrown));
    const error = await rejection(ask(1));
    expect(error).toBeInstanceOf(HandlerFailedError);
    expect(error).toMatchObject({
      code: 'HANDLER_FAILED',
      worker: 'Tested',
      kind: 'handler_error',
      retryable: false,
      cause: thrown,
    });
    expect(error.message).toMatch(/^Worker "Tested" failed on message \S+: no such image$/);
  });

  it('is the cause also when it is an error of ours, from a request that the handler made: it is not about this one', async () => {
    const inner = new RequestTimeoutError('Other', 1_000);
    const { ask } = await running(async () => Promise.reject(inner));
    const error = await rejection(ask(1));
    expect(error).toBeInstanceOf(HandlerFailedError);
    expect(error.cause).toBe(inner);
  });

  const unusual: [string, unknown, string][] = [
    ['a string', 'just text', 'just text'],
    ['undefined', undefined, 'A value that is not an Error was thrown: undefined'],
    ['null', null, 'A value that is not an Error was thrown: null'],
    ['a number', 42, 'A value that is not an Error was thrown: 42'],
    ['a symbol', Symbol('sign'), 'A value that is not an Error was thrown: Symbol(sign)'],
    ['a frozen object', Object.freeze({ code: 'E' }), "A value that is not an Error was thrown: { code: 'E' }"],
    ['a frozen error', Object.freeze(new TypeError('frozen')), 'frozen'],
  ];
  it.each(unusual)('may be %s', async (_what, thrown, message) => {
    const throwing = await running(() => {
      throw thrown;
    });
    const rejecting = await running(async () => Promise.reject(thrown));
    for (const { ask, runner } of [throwing, rejecting]) {
      const { cause } = await rejection(ask(1));
      expect(cause).toBeInstanceOf(Error);
      expect((cause as Error).message).toBe(message);
      expect(runner.stats()).toMatchObject({ inFlight: 0, failed: { handler_error: 1 } });
    }
  });

  class Unreadable extends Error {
    override get message(): string {
      throw new Error('no message for you');
    }
    override get stack(): string {
      throw new Error('no stack for you');
    }
  }
  const hostile: [string, unknown][] = [
    ['an error whose getters throw', new Unreadable()],
    [
      'an object whose every property throws',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('hands off');
          },
          getPrototypeOf: () => {
            throw new Error('hands off');
          },
        },
      ),
    ],
    [
      'an object that cannot be shown',
      {
        toJSON: () => {
          throw new Error('no JSON for you');
        },
      },
    ],
  ];
  it.each(hostile)('may be %s; the next message is handled as ever', async (_what, thrown) => {
    const failures = live<WorkerFailure>('failures', { buffer: 8 });
    const handle = (n: number): number => {
      if (n === 1) throw thrown;
      return n;
    };
    const { ask, put, runner } = await running(handle, { failures });
    const refused = rejection(ask(1));
    put(1);
    const next = ask(2);
    expect(await refused).toBeInstanceOf(HandlerFailedError);
    expect(await next).toBe(2);
    expect(runner.stats()).toMatchObject({ inFlight: 0, unsettled: 0, done: 1, failed: { handler_error: 2 } });
    expect(contents(failures)).toHaveLength(2);
  });

  it('goes to the failures channel as a record of everything', async () => {
    const failures = live<WorkerFailure>('failures', { buffer: 1 });
    const error = new RetryableError('busy', { afterMs: 500 });
    const clock = new HeldClock('2026-03-01T00:00:00Z');
    const { source, runner } = await running(async () => Promise.reject(error), { failures, clock });
    const message = source.put(new Message({ id: 7 }, 0, { tenant: 'a' }));
    await until(() => runner.isQuiet);
    expect(contents(failures).map(({ payload, headers }) => ({ payload, headers }))).toEqual([
      {
        payload: {
          worker: 'Tested',
          channel: 'given',
          messageId: message.id,
          kind: 'handler_error',
          retryable: true,
          willRetry: false,
          message: 'busy',
          error,
          attempt: 1,
          payload: { id: 7 },
          headers: { tenant: 'a' },
          waitMs: 0,
          runMs: 0,
          failedAt: Date.parse('2026-03-01T00:00:00Z'),
        },
        headers: { tenant: 'a' },
      },
    ]);
  });

  it('is dropped and counted when the failures channel is full', async () => {
    const announcer = new Announcer();
    const failures = live<WorkerFailure>('failures', { buffer: 1 }, announcer);
    const all = await running(async () => Promise.reject(new Error('no')), { failures, announcer });
    for (const n of [1, 2, 3]) all.put(n);
    await until(() => all.runner.isQuiet);
    expect(failures.stats()).toMatchObject({ depth: 1, drops: { 'failures-full': 2 } });
    expect(all.runner.stats().failed).toEqual({ handler_error: 3 });
    expect(all.events.filter(({ name }) => name === 'workers.drop')).toMatchObject([
      { reason: 'failures-full' },
      { reason: 'failures-full' },
    ]);
  });

  it('is announced with whether somebody learned of it', async () => {
    const all = await running(async () => Promise.reject(new Error('no')));
    await rejection(all.ask(1));
    all.put(2);
    await until(() => all.runner.isQuiet);
    const errors = all.events.filter(({ name }) => name === 'workers.error');
    expect(errors).toMatchObject([{ hasCaller: true }, { hasCaller: false }]);
  });

  it("is nobody's to hear when the caller had its answer before", async () => {
    const { ask, events } = await running((_n: never, context) => {
      context.reply('early');
      throw new Error('afterwards');
    });
    expect(await ask(1)).toBe('early');
    await calm();
    expect(events.at(-1)).toMatchObject({ name: 'workers.error', hasCaller: false });
  });
});

describe('a handler that was told to stop', () => {
  it('feeds neither output nor failures', async () => {
    const [out, failures] = [live('doubles', { buffer: 1 }), live<WorkerFailure>('failures', { buffer: 1 })];
    const { put, runner } = await running(() => new Promise(() => {}), { out, failures });
    put(1);
    await calm();
    runner.abort(new Error('enough'));
    expect([out.isEmpty, failures.isEmpty, runner.stats().aborted]).toEqual([true, true, 1]);
  });
});

describe('an observer that throws', () => {
  it('harms nobody, and is reported once', async () => {
    const announcer = new Announcer();
    const all = await running((n: number) => n, { announcer });
    announcer.listen(() => {
      throw new Error('look away');
    });
    expect([await all.ask(1), await all.ask(2)]).toEqual([1, 2]);
    expect(all.events.filter(({ name }) => name === 'workers.fault')).toMatchObject([
      { source: 'observer', error: new Error('look away') },
    ]);
  });
});

describe('a taker of the output that throws', () => {
  it('is reported as a fault, and the worker goes on', async () => {
    const announcer = new Announcer();
    const out = live('doubles', {}, announcer);
    out.subscribe(() => {
      throw new Error('cannot swallow');
    });
    const all = await running((n: number) => n, { announcer, out });
    expect([await all.ask(1), await all.ask(2)]).toEqual([1, 2]);
    expect(all.events.filter(({ name }) => name === 'workers.fault')).toHaveLength(2);
  });
});
