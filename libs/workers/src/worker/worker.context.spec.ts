import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { boot } from '../testing/fixtures/boot.js';
import type { WorkerContext } from './worker.context.js';
import { Worker } from './worker.decorator.js';

const Numbers = channel<number>('numbers', { buffer: 4 });
const Doubles = channel<number>('doubles', { buffer: 4 });

/** An application whose one worker shows its context to `look`. */
async function looking(look: (context: WorkerContext) => unknown) {
  @Worker({ in: Numbers, out: 'doubles', expose: true, concurrency: 2, timeout: '3s' })
  class Looking {
    handle(_n: number, context: WorkerContext): unknown {
      return look(context);
    }
  }
  return boot({ channels: [Numbers, Doubles], providers: [Looking] });
}

describe("a handler's context", () => {
  it('says which worker and which message it is about', async () => {
    const { workers } = await looking(({ messageId, attempt, worker }) => ({ messageId, attempt, worker }));
    const completed = workers.next('workers.completed');
    expect(await workers.perform('Looking', 1)).toEqual({
      messageId: (await completed).messageId,
      attempt: 1,
      worker: { name: 'Looking', in: 'numbers', out: 'doubles', concurrency: 2, timeoutMs: 3_000 },
    });
  });

  it('has every channel by name', async () => {
    const { workers, gateway } = await looking(({ channels }) => {
      channels['doubles']?.next(7);
      return Object.keys(channels);
    });
    expect(await workers.perform('Looking', 1)).toEqual(['numbers', 'doubles']);
    expect(workers.sent(Doubles)[0]).toBe(7);
    expect(gateway.stats().channels['doubles']?.accepted).toBe(2);
  });

  it('emits events of its own', async () => {
    const { workers } = await looking((context) => context.emit('halfway', { percent: 50 }));
    await workers.perform('Looking', 1);
    expect(workers.events('workers.custom')).toMatchObject([
      { worker: 'Looking', said: 'halfway', data: { percent: 50 } },
    ]);
  });

  it('gives the statistics, itself in flight included', async () => {
    const { workers } = await looking((context) => context.stats().workers['Looking']?.inFlight);
    expect(await workers.perform('Looking', 1)).toBe(1);
  });

  it("logs under the worker's name", async () => {
    const lines: unknown[] = [];
    const { workers, moduleRef } = await looking(({ logger }) => logger.log('resized', { by: 2 }));
    moduleRef.useLogger({ log: (...line: unknown[]) => lines.push(line), error: () => {}, warn: () => {} });
    await workers.perform('Looking', 1);
    expect(lines).toEqual([['resized', { by: 2 }, 'Looking']]);
  });

  it('makes its signal when it is asked for, and the same one again', async () => {
    const { workers } = await looking((context) => [context.signal === context.signal, context.signal.aborted]);
    expect(await workers.perform('Looking', 1)).toEqual([true, false]);
  });
});
