import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { channel } from './channel/channel.declaration.js';
import type { WorkerFailure } from './worker/failure.js';
import { boot } from './testing/fixtures/boot.js';
import { HeldClock } from './testing/held.clock.js';
import type { TickContext } from './ticker/tick.context.js';
import { Ticker } from './ticker/ticker.decorator.js';
import { Worker } from './worker/worker.decorator.js';

const Ticks = channel<number>('ticks', { buffer: 1 });
const Failures = channel<WorkerFailure>('failures', { buffer: 1 });

@Injectable()
class Factor {
  readonly factor: number = 10;
}

@Ticker({ every: '1s', out: Ticks, failures: Failures })
class Clock {
  constructor(private readonly by: Factor) {}

  tick({ sequence }: TickContext): number {
    if (sequence === 3) throw new Error('stumbled');
    return sequence * this.by.factor;
  }
}

const application = { channels: [Ticks, Failures], providers: [Factor, Clock] };

describe('a ticker in an application', () => {
  it('puts what it returns on its output, where a worker takes it', async () => {
    @Worker({ in: Ticks })
    class Listener {
      readonly heard: number[] = [];

      handle(tick: number): void {
        this.heard.push(tick);
      }
    }
    const clock = new HeldClock();
    const { moduleRef } = await boot({ ...application, providers: [Factor, Clock, Listener], clock });
    await clock.advance('3s');
    expect(moduleRef.get(Listener).heard).toEqual([0, 10, 20]);
  });

  it('that nobody takes from drops its ticks, counts them and goes on', async () => {
    const clock = new HeldClock();
    const { gateway, workers } = await boot({ ...application, clock });
    await clock.advance('3s');
    expect(gateway.stats()).toMatchObject({
      channels: { ticks: { depth: 1, drops: { 'ticker-output-drop': 2 } } },
      tickers: { Clock: { ticks: 3, done: 3 } },
    });
    expect(workers.events('workers.drop')).toMatchObject([
      { channel: 'ticks', reason: 'ticker-output-drop' },
      { channel: 'ticks', reason: 'ticker-output-drop' },
    ]);
  });

  it('reports its failures like a worker, without a channel it took from', async () => {
    const clock = new HeldClock();
    const { workers } = await boot({ ...application, clock });
    await clock.advance('4s');
    expect(workers.sent(Failures)).toMatchObject([{ worker: 'Clock', channel: undefined, message: 'stumbled' }]);
  });

  it('is overridden by the options, down to not starting at all', async () => {
    const clock = new HeldClock();
    const { gateway } = await boot({ ...application, clock, tickers: { Clock: { every: '500ms' } } });
    const silent = await boot({ ...application, clock, tickers: { Clock: { enabled: false } } });
    await clock.advance('1s');
    expect(gateway.stats().tickers['Clock']?.ticks).toBe(2);
    expect(silent.gateway.stats().tickers['Clock']).toMatchObject({ state: 'disabled', ticks: 0 });
    expect(silent.workers.events('workers.running')).toMatchObject([{ workers: [], tickers: [] }]);
  });
});
