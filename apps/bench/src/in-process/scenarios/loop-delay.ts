import { collect } from '../../pass/heap.js';
import { Lateness } from '../../pass/lateness.js';
import type { Scenario } from '../../suite/scenario.js';
import { Countdown } from '../countdown.js';
import type { OpenLine } from '../line.js';

/**
 * Whether a backlog that never has to wait for anything lets the rest of the process live. The backlog piles up behind a first
 * job that is held, so that only the draining is watched, not the posting.
 */
export const loopDelay: Scenario<OpenLine> = {
  name: 'loop-delay',
  title: 'A 1 ms timer beside a draining backlog',
  about:
    'Jobs for a no-op sync handler, concurrency 1, drain beside a timer of 1 ms; how late the timer fired meanwhile.',
  items: 1_000_000,
  needs: ['backlog', 'sync backlog'],
  measures: [
    { key: 'p99Ms', title: 'p99 ms late', digits: 1 },
    { key: 'p50Ms', title: 'p50', digits: 1 },
    { key: 'maxMs', title: 'max', digits: 1 },
    { key: 'drainMs', title: 'drained in ms', digits: 0 },
  ],
  frames: [],
  bars: [{ type: 'at-most', measure: 'p99Ms', limit: 10 }],
  async play(open, items) {
    const handled = new Countdown();
    let release: (id: number) => void = () => undefined;
    const held = new Promise<number>((resolve) => (release = resolve));
    const handler = ({ id }: { id: number }) => {
      handled.count();
      return id === 0 ? held : id;
    };
    const line = await open({ handler, concurrency: 1, buffer: items, isBounded: false });
    const last = handled.from(items);
    for (let id = 0; id < items; id++) line.post({ id });
    await collect();

    const lateness = new Lateness();
    await lateness.begin();
    const began = performance.now();
    release(0);
    await last;
    const drainMs = performance.now() - began;
    const { p50Ms, p99Ms, maxMs } = await lateness.end();
    await line.close?.();
    return { items, p50Ms, p99Ms, maxMs, drainMs };
  },
};
