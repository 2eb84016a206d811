import { describe, expect, it } from 'vitest';
import type { Channel } from '../channel/channel.js';
import { message, open } from '../channel/fixtures/opened.js';
import { HeldClock } from '../testing/held.clock.js';
import { StarvationWatch } from './load.js';

function watched(afterMs: number) {
  const clock = new HeldClock();
  const { channel, announcer, events } = open({ buffer: 9 }, { clock });
  const watch = new StarvationWatch([channel as unknown as Channel], afterMs, clock, announcer);
  const told = () =>
    events.flatMap((event) => (event.name === 'workers.starvation' ? [`${event.state} ${event.oldestAgeMs}`] : []));
  const put = () => void channel.put(message(1, undefined, clock.now()));
  return { clock, channel, watch, told, put };
}

describe('starvation', () => {
  it('is announced once when the oldest message has waited too long, and once when that is over', async () => {
    const { clock, channel, watch, told, put } = watched(10_000);
    watch.start();
    put();
    await clock.advance('10s');
    expect(told()).toEqual([]);
    await clock.advance('10s');
    expect(told()).toEqual(['entered 11000']);
    channel.take();
    await clock.advance('10s');
    expect(told()).toEqual(['entered 11000', 'left 0']);
    put();
    await clock.advance('20s');
    expect(told()).toHaveLength(3);
  });

  it('goes on while there is always another old message', async () => {
    const { clock, channel, watch, told, put } = watched(2_000);
    watch.start();
    put();
    await clock.advance('1s');
    put();
    await clock.advance('4s');
    channel.take();
    await clock.advance('2s');
    expect(told()).toEqual(['entered 3000']);
  });

  it('is looked for more often than once a second where it begins sooner', async () => {
    const { clock, watch, told, put } = watched(100);
    watch.start();
    put();
    await clock.advance(300);
    expect(told()).toEqual(['entered 200']);
  });

  it('is watched by one timer, however often the watch is started, and by none when it is stopped', async () => {
    const { clock, watch, told, put } = watched(1_000);
    watch.start();
    watch.start();
    expect(clock.pending).toBe(1);
    await clock.advance('5s');
    expect(clock.pending).toBe(1);
    watch.stop();
    watch.stop();
    watch.start();
    put();
    await clock.advance('10s');
    expect([clock.pending, told()]).toEqual([0, []]);
  });

  it('is not watched after a stop that came before the start', () => {
    const { clock, watch } = watched(1_000);
    watch.stop();
    watch.start();
    expect(clock.pending).toBe(0);
  });
});
