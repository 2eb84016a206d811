import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlockReport } from './block.report.js';
import { GuardedRun } from './guarded.run.js';
import { Hold } from './hold.js';
import { OwnTime } from './own.time.js';
import type { Trace } from './stack.js';

/** Times of these tests lie where no collection has been. */
const BEAT_MS = 1e9;

let ownTime: OwnTime;
let hold: Hold;
/** What was told of nobody, and of runs that were over. */
let told: BlockReport[];
let leftBehind: BlockReport[];

beforeEach(() => {
  ownTime = new OwnTime();
  hold = new Hold(ownTime, BEAT_MS + 10, { atMs: BEAT_MS, lostMs: 0 });
  told = [];
  leftBehind = [];
});

afterEach(() => ownTime.close());

function aRun(runId: number): GuardedRun {
  const guard = { house: {}, guardMs: 25, leave: () => {}, report: (report: BlockReport) => leftBehind.push(report) };
  return new GuardedRun(guard, runId, 'resize', `message ${runId}`);
}

function traceOf(...functions: string[]): Trace {
  return { stack: ['Error', ...functions.map((name) => `    at ${name} (/app/${name}.ts:1:1)`)].join('\n') };
}

interface Seen {
  readonly run?: GuardedRun;
  readonly askedAt?: number;
  readonly lostMs?: number;
  readonly begun?: number;
  readonly trace?: Trace;
}

/** The watchdog looks `at` milliseconds after the last beat. */
function look(at: number, { run, askedAt = at, lostMs = 0, begun = 0, trace = traceOf('work') }: Seen = {}): void {
  const mark = { atMs: BEAT_MS + at, lostMs };
  hold.see({ askedAtMs: BEAT_MS + askedAt, mark, run, isLeftover: run?.isOver === true, begun, trace });
}

const close = (at: number): Promise<void> => hold.close(BEAT_MS + at, 25, (report) => told.push(report));

describe('a run', () => {
  it('is named when nobody else was seen for as long as a handler may take', async () => {
    const run = aRun(1);
    look(20, { run });
    look(34, { run });
    look(48, { run });
    expect(await run.end()).toMatchObject({
      runId: 1,
      worker: 'resize',
      messageId: 'message 1',
      blockedMs: 28,
      location: '/app/work.ts:1:1',
    });
    await close(60);
    expect([told, leftBehind]).toEqual([[], []]);
  });

  it('is named with the line it was seen at most of the time', async () => {
    const run = aRun(1);
    look(20, { run, trace: traceOf('before', 'handle') });
    look(34, { run, trace: traceOf('loop', 'handle') });
    look(48, { run, trace: traceOf('loop', 'handle') });
    look(62, { run, trace: traceOf('after') });
    expect(await run.end()).toMatchObject({ blockedMs: 42, functionName: 'handle' });
  });

  it('is named when it blocks for very long', async () => {
    const run = aRun(1);
    for (let at = 20; at < 10_000; at += 14) look(at, { run });
    expect((await run.end())?.blockedMs).toBeGreaterThan(9_900);
  });

  it('learns of it before its code goes on, and not later', () => {
    const run = aRun(1);
    look(20, { run });
    expect(run.end()).toBeUndefined();
  });

  it('is not named when it was seen once, or for too short', async () => {
    const [once, shortly] = [aRun(1), aRun(2)];
    look(20, { run: once });
    look(34, { run: shortly });
    look(48, { run: shortly });
    await close(90);
    expect([once.end(), shortly.end(), told]).toEqual([undefined, undefined, []]);
  });

  it('is not named when runs take turns', async () => {
    const [one, other] = [aRun(1), aRun(2)];
    for (let at = 20; at < 200; at += 28) {
      look(at, { run: one });
      look(at + 14, { run: other });
    }
    await close(210);
    expect([one.end(), other.end(), told]).toEqual([undefined, undefined, []]);
  });

  it('is not named for what the scheduler took', async () => {
    const run = aRun(1);
    look(20, { run, lostMs: 0 });
    look(60, { run, lostMs: 16 });
    expect(await run.end()).toBeUndefined();
    await close(70);
    expect(told).toEqual([]);
  });

  it('is told of by its guard when it was over before', async () => {
    const run = aRun(1);
    expect(run.end()).toBeUndefined();
    look(20, { run });
    look(48, { run });
    await close(60);
    expect(leftBehind).toMatchObject([{ runId: 1, blockedMs: 28, heldMs: 50 }]);
    expect(told).toEqual([]);
  });

  it('is not failed for what it did after it was over', async () => {
    const run = aRun(1);
    look(20, { run });
    expect(run.end()).toBeUndefined();
    look(34, { run });
    look(62, { run });
    await close(70);
    expect(leftBehind).toMatchObject([{ runId: 1, blockedMs: 28 }]);
  });
});

describe('code of no run', () => {
  it('is told of when one function was seen all the time', async () => {
    look(20, { trace: traceOf('render', 'page') });
    look(48, { trace: traceOf('parse', 'page') });
    await close(60);
    expect(told).toMatchObject([
      { runId: undefined, worker: undefined, messageId: undefined, blockedMs: 28, heldMs: 50, functionName: 'page' },
    ]);
  });

  it('is told of when something else was seen before and after', async () => {
    look(20, { trace: traceOf('before') });
    look(34, { trace: traceOf('page') });
    look(62, { trace: traceOf('page') });
    look(76, { trace: traceOf('after') });
    await close(80);
    expect(told).toMatchObject([{ blockedMs: 28, functionName: 'page', stack: ['at page (/app/page.ts:1:1)'] }]);
  });

  it('is not told of when other functions were seen', async () => {
    look(20, { trace: traceOf('one') });
    look(48, { trace: traceOf('other') });
    await close(60);
    expect(told).toEqual([]);
  });

  it('is not told of when runs began in between, for then it was a crowd', async () => {
    look(20, { begun: 1 });
    look(48, { begun: 2 });
    await close(60);
    expect(told).toEqual([]);
  });

  it('is not told of when a run is named', async () => {
    const run = aRun(1);
    look(20, { run });
    look(48, { run });
    look(62);
    look(90);
    await close(100);
    expect(await run.end()).toMatchObject({ runId: 1 });
    expect(told).toEqual([]);
  });

  it('is told of without a name when nothing could be seen for so long', async () => {
    const run = aRun(1);
    look(100, { run, askedAt: 20 });
    expect(run.end()).toBeUndefined();
    await close(110);
    expect(told).toMatchObject([{ runId: undefined, blockedMs: 80, location: '/app/work.ts:1:1' }]);
  });

  it('is not told of when the scheduler let nobody look', async () => {
    look(100, { askedAt: 20, lostMs: 70 });
    await close(110);
    expect(told).toEqual([]);
  });
});
