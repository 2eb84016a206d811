import { describe, expect, it } from 'vitest';
import { RequestAbortedError, RequestTimeoutError } from '../gateway/gateway.errors.js';
import { WorkersStoppingError } from '../lifecycle/stop.errors.js';
import { calm, gate, rejection } from '../testing/fixtures/promises.js';
import { Gates, running } from './fixtures/running.js';
import type { WorkerContext } from './worker.context.js';
import { HandlerTimeoutError } from './worker.errors.js';

/** A handler that ignores its signal until the test lets it go, and keeps the signal. */
function stubborn() {
  const gates = new Gates();
  const signals: AbortSignal[] = [];
  const handle = (payload: unknown, { signal }: WorkerContext): unknown => {
    signals.push(signal);
    return gates.enter(payload);
  };
  return { gates, signals, handle };
}

describe('a handler that runs out of time', () => {
  it('fails with HandlerTimeoutError, and its signal is aborted with it', async () => {
    const { signals, handle } = stubborn();
    const { ask, clock, runner } = await running(handle, { timeoutMs: 30_000 });
    const refused = rejection(ask('slow', { timeoutMs: 60_000 }));
    await clock.advance('29999ms');
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    const error = await refused;
    expect(error).toBeInstanceOf(HandlerTimeoutError);
    expect(error).toMatchObject({ code: 'HANDLER_TIMEOUT', worker: 'Tested', timeoutMs: 30_000 });
    expect(signals[0]?.reason).toBe(error);
    expect(runner.stats()).toMatchObject({ inFlight: 0, failed: { handler_timeout: 1 } });
  });

  it('gives its permit back at once: the next message runs beside the one that was given up', async () => {
    const { gates, handle } = stubborn();
    const { put, clock } = await running(handle, { timeoutMs: 1_000 });
    put('slow');
    put('next');
    await clock.advance('1s');
    expect(gates.inside).toEqual(['slow', 'next']);
  });

  it('is announced as workers.error and then as workers.timeout, retryable', async () => {
    const { handle } = stubborn();
    const { put, clock, events } = await running(handle, { timeoutMs: 1_000 });
    const { id } = put('slow');
    await clock.advance('1s');
    const about = { worker: 'Tested', channel: 'given', messageId: id, kind: 'handler_timeout', retryable: true };
    expect(events.slice(1)).toMatchObject([
      { name: 'workers.error', ...about },
      { name: 'workers.timeout', ...about },
    ]);
  });

  it('reports what it comes back with later, value or error, and ignores it', async () => {
    const { gates, handle } = stubborn();
    const { put, clock, events, runner } = await running(handle, { timeoutMs: 1_000, concurrency: 2 });
    const ids = [put('value').id, put('error').id];
    await clock.advance('1s');
    const before = events.length;
    await gates.leave('value');
    await gates.fail('error', new Error('too late'));
    expect(events.slice(before)).toEqual([
      { name: 'workers.late', worker: 'Tested', messageId: ids[0], what: 'result' },
      { name: 'workers.late', worker: 'Tested', messageId: ids[1], what: 'result' },
    ]);
    expect(runner.stats()).toMatchObject({ done: 0, failed: { handler_timeout: 2 } });
  });

  it('does not spend its time waiting: the clock starts when the handler is entered', async () => {
    const { gates, handle } = stubborn();
    const { put, clock, events } = await running(handle, { timeoutMs: 1_000 });
    put('first');
    put('second');
    await clock.advance(900);
    await gates.leave('first');
    await clock.advance(900);
    expect(events.some(({ name }) => name === 'workers.timeout')).toBe(false);
    await clock.advance(100);
    expect(events.filter(({ name }) => name === 'workers.timeout')).toHaveLength(1);
  });

  it('finds its signal aborted also when it asks for it only then', async () => {
    const { opened, open } = gate();
    const seen: unknown[] = [];
    const handle = async (_: unknown, context: WorkerContext): Promise<void> => {
      await opened;
      seen.push(context.signal.reason);
    };
    const { put, clock } = await running(handle, { timeoutMs: 1_000 });
    put('slow');
    await clock.advance('1s');
    open();
    await calm();
    expect(seen).toEqual([expect.any(HandlerTimeoutError)]);
  });

  it('is counted once when it obeys by throwing', async () => {
    const obedient = (_: unknown, { signal }: WorkerContext): Promise<never> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const { put, clock, runner, events } = await running(obedient, { timeoutMs: 1_000 });
    put('slow');
    await clock.advance('1s');
    expect(runner.stats()).toMatchObject({ failed: { handler_timeout: 1 }, aborted: 0, inFlight: 0 });
    expect(events.map(({ name }) => name)).toEqual([
      'workers.started',
      'workers.error',
      'workers.timeout',
      'workers.late',
    ]);
  });

  it('says how long it waited and ran by the clock it is given', async () => {
    const { handle } = stubborn();
    const { put, clock, events } = await running(handle, { timeoutMs: 1_000 });
    put('slow');
    put('next');
    await clock.advance('2s');
    expect(events.filter(({ name }) => name === 'workers.timeout')).toMatchObject([
      { waitMs: 0, runMs: 1_000 },
      { waitMs: 1_000, runMs: 1_000 },
    ]);
  });

  it('may take for ever without a timeout', async () => {
    const { gates, handle } = stubborn();
    const { put, clock, runner } = await running(handle);
    put('slow');
    await clock.advance('24h');
    expect(runner.inFlight).toBe(1);
    await gates.leave('slow');
    expect(runner.stats().done).toBe(1);
  });
});

describe('a caller that leaves', () => {
  it('aborts the running handler by its deadline, and the outcome is aborted', async () => {
    const { signals, handle } = stubborn();
    const { ask, clock, runner, events, aborted } = await running(handle);
    const refused = rejection(ask('slow', { timeoutMs: 1_000 }));
    await clock.advance('1s');
    const error = await refused;
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(signals[0]?.reason).toBe(error);
    expect(runner.stats()).toMatchObject({ aborted: 1, done: 0, failed: {}, inFlight: 0 });
    expect(events.at(-1)).toMatchObject({ name: 'workers.aborted', kind: 'aborted', error });
    expect(aborted.map(({ payload }) => payload)).toEqual(['slow']);
  });

  it('or by its signal', async () => {
    const { signals, handle } = stubborn();
    const { ask, runner } = await running(handle);
    const caller = new AbortController();
    const refused = rejection(ask('slow', { signal: caller.signal }));
    await calm();
    caller.abort(new Error('the tab was closed'));
    expect(await refused).toBeInstanceOf(RequestAbortedError);
    expect(signals[0]?.aborted).toBe(true);
    expect(runner.stats()).toMatchObject({ aborted: 1, inFlight: 0 });
  });

  it('has no say any more once it is answered', async () => {
    const { gates, signals, handle } = stubborn();
    const { ask, runner } = await running((payload: never, context) => {
      context.reply('early');
      return handle(payload, context);
    });
    const caller = new AbortController();
    expect(await ask('slow', { signal: caller.signal })).toBe('early');
    caller.abort();
    expect(signals[0]?.aborted).toBe(false);
    await gates.leave('slow');
    expect(runner.stats()).toMatchObject({ done: 1, aborted: 0 });
  });
});

describe('a stop', () => {
  const reason = new WorkersStoppingError('A handler was still running');

  it('that asks lets the handler finish: what it returns counts', async () => {
    const { gates, signals, handle } = stubborn();
    const { put, runner } = await running(handle);
    put('slow');
    await calm();
    runner.askToStop(reason);
    expect([signals[0]?.reason, runner.inFlight]).toEqual([reason, 1]);
    await gates.leave('slow');
    expect(runner.stats()).toMatchObject({ done: 1, aborted: 0 });
  });

  it('that asks takes what the handler throws then for obedience', async () => {
    const { gates, handle } = stubborn();
    const { put, runner, events } = await running(handle);
    put('slow');
    await calm();
    runner.askToStop(reason);
    await gates.fail('slow', new Error('AbortError'));
    expect(runner.stats()).toMatchObject({ done: 0, failed: {}, aborted: 1 });
    expect(events.at(-1)).toMatchObject({ name: 'workers.aborted', error: reason });
  });

  it('that aborts gives the handler up, and refuses who waits for it', async () => {
    const { gates, handle } = stubborn();
    const { ask, runner, events, aborted } = await running(handle);
    const refused = rejection(ask('slow'));
    await calm();
    runner.abort(reason);
    expect(await refused).toBe(reason);
    expect([runner.isQuiet, aborted.length]).toEqual([true, 1]);
    await gates.leave('slow');
    expect(events.at(-1)).toMatchObject({ name: 'workers.late', what: 'result' });
  });
});
