import { setTimeout as sleep } from 'node:timers/promises';
import { type CallHandler, Injectable, Scope, UseInterceptors } from '@nestjs/common';
import { describe, expect, it, onTestFinished } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { cpuMs } from '../guard/fixtures/load.js';
import { Guard } from '../guard/guard.js';
import { WorkerGateway } from '../gateway/worker.gateway.js';
import { Announcer } from '../observe/announcer.js';
import { boot, compile } from '../testing/fixtures/boot.js';
import { calm, gate, rejection } from '../testing/fixtures/promises.js';
import { until } from '../testing/until.js';
import type { WorkerInterceptor } from '../worker/interceptor.js';
import { Worker } from '../worker/worker.decorator.js';
import { HandlerBlockedError } from './dispatch.errors.js';
import { dispatcherContract } from './dispatcher.contract.js';
import type { GuardMode, Guarding } from './guarding.js';
import { InlineDispatcher } from './inline.dispatcher.js';
import { WatchedDispatcher } from './watched.dispatcher.js';

/** A guard of its own for one dispatcher; `open` when it is to be watched. */
function guarding(mode: GuardMode, guardMs = 25): Guarding {
  const guard = new Guard({ house: {}, guardMs, isWatched: mode === 'fail', onReport: () => {} });
  return { mode, guard, announcer: new Announcer() };
}

dispatcherContract('inline', (site) => new InlineDispatcher(site, guarding('off')));
dispatcherContract('watched inline', (site) => {
  // Nothing of the contract holds the event loop; the first of anything, such as an error with a source map, may.
  const watched = guarding('fail', 2_000);
  watched.guard.open();
  onTestFinished(() => watched.guard.close());
  return new WatchedDispatcher(site, watched);
});

/** Holds the event loop for so much of its own time; a busy machine makes it longer. */
function block(ms: number): void {
  const startedAt = cpuMs();
  while (cpuMs() - startedAt < ms);
}

const Numbers = channel<number>('numbers', { buffer: 8 });

@Worker({ in: Numbers, expose: true })
class Sorter {
  async handle(blockMs: number): Promise<string> {
    if (blockMs > 0) block(blockMs);
    await sleep(60);
    if (blockMs === 151) throw new Error('and it failed');
    return `blocked for ${blockMs}`;
  }
}

const booted = (guard: GuardMode, guardMs?: number) =>
  boot({ channels: [Numbers], providers: [Sorter], guard, ...(guardMs === undefined ? {} : { guardMs }) });

// A guard that is in doubt takes off too much, and on a busy machine it is: one run in four must show what it does on a free one.
describe('the guard of the inline dispatcher', { retry: 3 }, () => {
  it("'fail' fails a handler that held the event loop, and says who, for how long and what to do", async () => {
    const { gateway, workers } = await booted('fail');
    const error = await rejection(gateway.request(Sorter, 150));
    expect(error).toBeInstanceOf(HandlerBlockedError);
    expect(error).toMatchObject({ code: 'HANDLER_BLOCKED', worker: 'Sorter', guardMs: 25 });
    expect(error['blockedMs']).toBeGreaterThan(25);
    expect(error.message).toContain('Run the handler in a thread or a process (dispatch), or split the work.');
    expect(workers.events('workers.blocked')).toMatchObject([{ worker: 'Sorter', messageId: error['messageId'] }]);
    expect(workers.events('workers.error')).toMatchObject([{ kind: 'handler_blocked', retryable: false }]);
  });

  it('never fails a handler that awaits, for however long', async () => {
    const { gateway, workers } = await booted('fail');
    expect(await gateway.request(Sorter, 0)).toBe('blocked for 0');
    expect(workers.events('workers.blocked')).toEqual([]);
  });

  it('never fails a handler for what others did in the moment before it', async () => {
    const opened = gate();
    @Worker({ in: Numbers, expose: true })
    class Waiter {
      handle(_n: number): Promise<void> {
        return opened.opened;
      }
    }
    // Nobody listens to workers.started: whoever does has the clock read once more.
    const moduleRef = await compile({ channels: [Numbers], providers: [Waiter], guard: 'fail' });
    onTestFinished(() => moduleRef.close());
    await moduleRef.init();
    const gateway = moduleRef.get(WorkerGateway);
    const replies = Promise.all([gateway.request(Waiter, 1), gateway.request(Waiter, 2)]);
    await calm();
    // Behind the runner, which listens already: the first handler has come back then, and the second has not begun.
    const other = opened.opened.then(() => block(150));
    opened.open();
    await other;
    expect(await replies).toEqual([undefined, undefined]);
  });

  it("'report' tells, and the outcome is the handler's own", async () => {
    const { gateway, workers } = await booted('report');
    expect(await gateway.request(Sorter, 150)).toBe('blocked for 150');
    expect((await rejection(gateway.request(Sorter, 151))).cause).toEqual(new Error('and it failed'));
    expect(workers.events('workers.blocked')).toHaveLength(2);
  });

  it("'report' tells once of each handler, also of one that is entered late", async () => {
    const slow: WorkerInterceptor = { handle: async (_message, _context, next) => (await sleep(1), next()) };
    const quick: WorkerInterceptor = { handle: (_message, _context, next) => next() };
    const spin = (): void => block(150);
    const Spun = ['Behind', 'Beside', 'Enhanced', 'Fresh'].map((name) => channel<number>(name, { buffer: 2 }));
    const expose = true;
    @Worker({ in: 'Behind', expose, use: [slow] })
    class Behind {
      handle(_n: number): void {
        spin();
      }
    }
    @Worker({ in: 'Beside', expose, use: [quick] })
    class Beside {
      handle(_n: number): void {
        spin();
      }
    }
    @Worker({ in: 'Enhanced', expose })
    @UseInterceptors({ intercept: (_context: unknown, next: CallHandler) => next.handle() })
    class Enhanced {
      handle(_n: number): void {
        spin();
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    @Worker({ in: 'Fresh', expose })
    class Fresh {
      handle(_n: number): void {
        spin();
      }
    }
    const providers = [Behind, Beside, Enhanced, Fresh];
    const { gateway, workers } = await boot({ channels: Spun, providers, guard: 'report' });
    for (const { name } of providers) await gateway.request(name, 1);
    await until(() => workers.events('workers.blocked').length >= providers.length);
    expect(workers.events('workers.blocked').map(({ worker }) => worker)).toEqual(providers.map(({ name }) => name));
  });

  it("'report' counts what stands before the handler in the same segment, and tells of it once", async () => {
    const spinning: WorkerInterceptor = { handle: (_message, _context, next) => (block(150), next()) };
    @Worker({ in: Numbers, expose: true, use: [spinning] })
    class Spun {
      handle(_n: number): void {
        block(100);
      }
    }
    const { gateway, workers } = await boot({ channels: [Numbers], providers: [Spun], guard: 'report' });
    await gateway.request(Spun, 1);
    const [told, ...others] = workers.events('workers.blocked');
    expect(told?.blockedMs).toBeGreaterThan(175);
    expect(others).toEqual([]);
  });

  it("'off' is silent", async () => {
    const { gateway, workers } = await booted('off');
    expect(await gateway.request(Sorter, 150)).toBe('blocked for 150');
    expect(workers.events('workers.blocked')).toEqual([]);
  });

  it('allows what guardMs allows', async () => {
    const { gateway, workers } = await booted('fail', 5_000);
    expect(await gateway.request(Sorter, 150)).toBe('blocked for 150');
    expect(workers.events('workers.blocked')).toEqual([]);
  });
});
