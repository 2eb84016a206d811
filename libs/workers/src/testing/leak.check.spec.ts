import { Worker as Thread } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { WorkerGateway } from '../gateway/worker.gateway.js';
import { Ticker } from '../ticker/ticker.decorator.js';
import { Worker } from '../worker/worker.decorator.js';
import { compile } from './fixtures/boot.js';
import { leakCheck } from './leak.check.js';

describe('the leak check', () => {
  it('passes when nothing was left', async () => {
    await leakCheck()();
  });

  it('names what is left', async () => {
    const nothingLeft = leakCheck();
    const timers = [setTimeout(() => {}, 60_000), setInterval(() => {}, 60_000), setInterval(() => {}, 60_000)];
    // Three, as a rule; a timer of the test runner's own that was there before may have ended.
    await expect(nothingLeft('20ms')).rejects.toThrow(
      /^Waited 20 ms for the process to be as idle as it was before\. Still alive: \d x Timeout\.$/,
    );
    for (const timer of timers) clearTimeout(timer);
    await nothingLeft();
  });

  it('sees a thread, and waits while it ends', async () => {
    const nothingLeft = leakCheck();
    const thread = new Thread('setInterval(() => {}, 1000)', { eval: true });
    await expect(nothingLeft('100ms')).rejects.toThrow('Still alive: 1 x Thread');
    void thread.terminate();
    await nothingLeft();
  });

  it('finds nothing after an application that was guarded, timed, ticked and answered', async () => {
    const Numbers = channel<number>('numbers', { buffer: 4 });
    @Worker({ in: Numbers, expose: true })
    class Doubler {
      handle(n: number): number {
        return n * 2;
      }
    }
    @Ticker({ every: 1, immediate: true, out: Numbers })
    class Clock {
      tick(): number {
        return 1;
      }
    }
    const nothingLeft = leakCheck();
    const moduleRef = await compile({ channels: [Numbers], providers: [Doubler, Clock], guard: 'fail' });
    await moduleRef.init();
    expect(await moduleRef.get(WorkerGateway).request(Doubler, 21, { timeout: '1m' })).toBe(42);
    await moduleRef.close();
    await nothingLeft();
  });
});
