import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { channel, HandlerTimeoutError, Ticker, Worker, type WorkerContext } from '@nestjs-workers/core';
import { HeldClock, leakCheck, until } from '@nestjs-workers/core/testing';
import { gate, rejection, start } from '../support/application.js';

const Jobs = channel<number>('jobs', { buffer: 8 });

/** Works for as many milliseconds of `clock` as its payload says, unless it is told to stop. */
function digger(clock: HeldClock) {
  @Worker({ in: Jobs, expose: true, timeout: '1s' })
  class Digger {
    readonly dug: number[] = [];
    readonly stopped: unknown[] = [];

    async handle(ms: number, { signal }: WorkerContext): Promise<string> {
      const isDone = await new Promise<boolean>((resolve) => {
        const timer = clock.after(ms, () => resolve(true));
        signal.addEventListener('abort', () => {
          timer.cancel();
          this.stopped.push(signal.reason);
          resolve(false);
        });
      });
      if (isDone) this.dug.push(ms);
      return 'gold';
    }
  }
  return Digger;
}

async function digging() {
  const clock = new HeldClock();
  const Digger = digger(clock);
  const app = await start({ channels: [Jobs], providers: [Digger], clock });
  const { dug, stopped } = app.moduleRef.get(Digger);
  return { ...app, clock, Digger, dug, stopped };
}

describe('a timeout stops work', () => {
  it('aborts the signal of the handler, with the timeout as its reason, and what it would have done is not done', async () => {
    const { gateway, clock, Digger, dug, stopped } = await digging();
    const error = rejection(gateway.request(Digger, 5_000));
    await clock.advance(999);
    expect(stopped).toEqual([]);
    await clock.advance(1);
    expect(stopped).toEqual([expect.any(HandlerTimeoutError)]);
    expect(await error).toBe(stopped[0]);
    await clock.advance('1m');
    expect(dug).toEqual([]);
  });

  it('counts from when the handler is entered, not while its message waits', async () => {
    const { gateway, workers, clock, Digger, dug } = await digging();
    for (let sent = 0; sent < 5; sent++) await gateway.command(Digger, 800);
    await clock.advance('4s');
    expect(await workers.drain()).toMatchObject({ done: 5, failed: 0 });
    expect(dug).toHaveLength(5);
  });

  it('gives the permit back at once, also when the handler does not listen', async () => {
    const clock = new HeldClock();
    const { opened, open } = gate();
    @Worker({ in: Jobs, expose: true, timeout: '1s' })
    class Deaf {
      handle(n: number): Promise<void> | number {
        return n === 0 ? opened : n;
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Deaf], clock });
    await gateway.command(Deaf, 0);
    const reply = gateway.request(Deaf, 1);
    await clock.advance('1s');
    expect(await reply).toBe(1);
    expect(gateway.stats().workers['Deaf']).toMatchObject({ inFlight: 0, done: 1, failed: { handler_timeout: 1 } });
    open();
    await clock.advance(0);
    expect(workers.events('workers.late')).toMatchObject([{ worker: 'Deaf', what: 'result' }]);
    expect(gateway.stats().workers['Deaf']).toMatchObject({ inFlight: 0, done: 1, failed: { handler_timeout: 1 } });
  });

  it('stops what a handler passes its signal to, in real time too', async () => {
    const written: string[] = [];
    @Worker({ in: Jobs, expose: true, timeout: 20 })
    class Sleeper {
      async handle(ms: number, { signal }: WorkerContext): Promise<void> {
        await sleep(ms, undefined, { signal });
        written.push('overslept');
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Sleeper] });
    const startedAt = performance.now();
    expect(await rejection(gateway.request(Sleeper, 5_000))).toBeInstanceOf(HandlerTimeoutError);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(19);
    await workers.drain();
    expect(written).toEqual([]);
  });

  it('tells: counted as handler_timeout, retryable, announced as an error and as a timeout', async () => {
    const { gateway, workers, clock, Digger } = await digging();
    await gateway.command(Digger, 5_000);
    await clock.advance('1s');
    expect(workers.events('workers.timeout')).toMatchObject([
      { worker: 'Digger', kind: 'handler_timeout', retryable: true, hasCaller: false },
    ]);
    expect(workers.events('workers.error')).toHaveLength(1);
    expect(gateway.stats().workers['Digger']).toMatchObject({ failed: { handler_timeout: 1 }, inFlight: 0 });
  });

  it('is never early, never for those in time, and off with timeout: false', async () => {
    const clock = new HeldClock();
    const Digger = digger(clock);
    const workers = { Digger: { timeout: false } } as const;
    const { gateway, moduleRef } = await start({ channels: [Jobs], providers: [Digger], clock, workers });
    const reply = gateway.request(Digger, 3_600_000, { timeout: '2h' });
    await clock.advance('1h');
    expect(await reply).toBe('gold');
    expect(moduleRef.get(Digger).stopped).toEqual([]);
  });

  it('holds for ticks', async () => {
    const clock = new HeldClock();
    const reasons: unknown[] = [];
    @Ticker({ every: '10s', timeout: '1s' })
    class Clockwork {
      tick({ signal }: WorkerContext): Promise<void> {
        return new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            resolve();
          }),
        );
      }
    }
    await start({ providers: [Clockwork], clock });
    await clock.advance('11s');
    expect(reasons).toEqual([expect.any(HandlerTimeoutError)]);
  });

  it('leaves no timer behind: an application that waits for nothing keeps no process alive', async () => {
    const nothingLeft = leakCheck();
    @Worker({ in: Jobs, expose: true, timeout: '5m' })
    class Quick {
      async handle(n: number): Promise<number> {
        return n;
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Quick] });
    expect(await gateway.request(Quick, 1, { timeout: '5m' })).toBe(1);
    await workers.drain();
    await nothingLeft();
  });
});

describe('the time of a handler', () => {
  it('begins when those are through who are told that it is entered, however long they take', async () => {
    let toldAt = Number.POSITIVE_INFINITY;
    let lastedMs: number | undefined;
    @Worker({ in: Jobs, expose: true, timeout: '100ms' })
    class Sleeper {
      async handle(_n: number, { signal }: WorkerContext): Promise<void> {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        lastedMs = performance.now() - toldAt;
      }
    }
    const observer = ({ name }: { name: string }): void => {
      if (name !== 'workers.started') return;
      for (const end = performance.now() + 150; performance.now() < end;);
      toldAt = performance.now();
    };
    const { gateway } = await start({ channels: [Jobs], providers: [Sleeper], observer });
    expect(await rejection(gateway.request(Sleeper, 1))).toBeInstanceOf(HandlerTimeoutError);
    await until(() => lastedMs !== undefined);
    expect(lastedMs).toBeGreaterThanOrEqual(100);
  });
});

describe('a caller who leaves stops work as well', () => {
  it.each(['deadline', 'signal'] as const)('by its %s: the handler is told, and its permit is free', async (how) => {
    const { gateway, clock, Digger, dug, stopped } = await digging();
    const caller = new AbortController();
    const error = rejection(gateway.request(Digger, 900, { timeout: '500ms', signal: caller.signal }));
    await clock.advance(100);
    if (how === 'signal') caller.abort();
    await clock.advance(400);
    expect((await error)['code']).toBe(how === 'signal' ? 'REQUEST_ABORTED' : 'REQUEST_TIMEOUT');
    await until(() => stopped.length === 1);
    expect(stopped).toEqual([await error]);
    await clock.advance('1m');
    expect(dug).toEqual([]);
    expect(gateway.stats().workers['Digger']).toMatchObject({ inFlight: 0, aborted: 1, failed: {}, done: 0 });
  });
});
