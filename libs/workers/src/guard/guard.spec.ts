import { execFileSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate, setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inside } from '../lifecycle/inside.js';
import type { BlockReport } from './block.report.js';
import { cpuMs, hogs, largeHeap } from './fixtures/load.js';
import { Guard } from './guard.js';

// On a machine that others want too, a second of a core takes as long as it takes.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let guard: Guard;
/** What was told of code that is nobody's, or of a run that was over. */
let told: BlockReport[];
let runs = 0;

beforeEach(async () => {
  told = [];
  guard = new Guard({ house: {}, guardMs: 25, isWatched: true, onReport: (report) => told.push(report) });
  guard.open();
  await watched();
});

afterEach(() => guard.close());

const eventually = (fact: () => void): Promise<void> => vi.waitFor(fact, { timeout: 30_000 });
const watched = (): Promise<void> => eventually(() => expect(guard.watch).toEqual({ kind: 'on' }));

/** What a dispatcher does with a handler. Resolves with what the guard holds against it. */
async function dispatch(handler: () => unknown, by = guard): Promise<BlockReport | undefined> {
  const run = by.begin(++runs, 'resize', `message ${runs}`);
  await inside.run(run, handler);
  return run.end();
}

/** Long enough to be named for sure, in milliseconds of a core: a busy machine takes nothing away. */
const LONG_MS = 150;

function compute(ms = LONG_MS): number {
  const end = cpuMs() + ms;
  let mixed = 0;
  do {
    for (let i = 0; i < 1_000_000; i++) mixed = (mixed * 31 + i) | 0;
  } while (cpuMs() < end);
  return mixed;
}

/** The lines that may be blamed: those of `compute`, and those that call it. */
const COMPUTING = /compute\(|end = cpuMs\(\)|let mixed|do \{|mixed \* 31|cpuMs\(\) < end/;

async function computeAfterAWhile(): Promise<number> {
  await after(5);
  return compute();
}

const PLACES: Record<string, () => unknown> = {
  'before its first await': () => compute(),
  'after an await': async () => {
    await after(5);
    compute();
  },
  'after an await of nothing': async () => {
    await null;
    compute();
  },
  'in a timer it set': () =>
    new Promise((done) => {
      setTimeout(() => done(compute()), 5);
    }),
  'in an async helper': async () => {
    await computeAfterAWhile();
  },
  'in a chain of microtasks': async () => {
    for (const end = cpuMs() + LONG_MS; cpuMs() < end; await null) compute(0);
  },
};

describe('a handler that holds the event loop', () => {
  it.each(Object.entries(PLACES))('is named, with the line, when it computes %s', async (place, handler) => {
    const others = [dispatch(() => after(20)), dispatch(() => after(300))];
    const report = await dispatch(handler);
    expect(report).toMatchObject({ runId: runs, worker: 'resize', messageId: `message ${runs}` });
    // Rarely it is seen in the handler's own code, around the call.
    expect(['compute', place]).toContain(report?.functionName);
    expect(lineAt(report?.location)).toMatch(COMPUTING);
    expect(await Promise.all(others)).toEqual([undefined, undefined]);
    expect(told).toEqual([]);
  });

  it('is measured in its own time', async () => {
    const before = cpuMs();
    const report = await dispatch(() => compute(300));
    const spentMs = cpuMs() - before;
    expect(report?.blockedMs).toBeGreaterThan(100);
    expect(report?.blockedMs).toBeLessThan(1.25 * spentMs);
    expect(report?.heldMs).toBeGreaterThanOrEqual(report?.blockedMs ?? Infinity);
  });

  it('is named when it calls one native function after the other', async () => {
    const report = await dispatch(async () => {
      await after(5);
      for (const end = cpuMs() + LONG_MS; cpuMs() < end;) pbkdf2Sync('password', 'salt', 10_000, 64, 'sha512');
    });
    expect(report).toMatchObject({ runId: runs });
  });

  it('is told of without a name when it waits in a single native call after an await', async () => {
    const report = await dispatch(async () => {
      await after(5);
      execFileSync(process.execPath, ['-e', 'setTimeout(() => {}, 150)']);
      await after(1);
    });
    expect(report).toBeUndefined();
    await eventually(() => expect(told).toMatchObject([{ runId: undefined, worker: undefined }]));
    expect(told[0]?.blockedMs).toBeGreaterThan(100);
    expect(lineAt(told[0]?.location)).toContain('execFileSync');
  });

  it('is told of when it was over and left something behind', async () => {
    let left: Promise<number> | undefined;
    const report = await dispatch(() => {
      left = computeAfterAWhile();
    });
    const runId = runs;
    expect(report).toBeUndefined();
    await dispatch(() => left);
    await eventually(() => expect(told).toMatchObject([{ runId, functionName: 'compute' }]));
  });
});

describe('nobody is named', () => {
  it('when a handler waits for half a second', async () => {
    expect(await dispatch(() => after(500))).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('when a handler computes for long and lets the event loop turn in between', async () => {
    const handler = async (): Promise<void> => {
      for (const end = cpuMs() + LONG_MS; cpuMs() < end; await setImmediate())
        for (const stop = cpuMs() + 1; cpuMs() < stop;);
    };
    expect(await dispatch(handler)).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('when long collections stop a handler', async () => {
    const heap = largeHeap();
    const took: number[] = [];
    for (let i = 0; i < 5; i++) {
      const report = await dispatch(async () => {
        await after(1);
        took.push(heap.collect());
        await after(1);
      });
      expect(report).toBeUndefined();
    }
    await after(50);
    expect(Math.min(...took)).toBeGreaterThan(50);
    expect(heap.size).toBeGreaterThan(0);
    expect(told).toEqual([]);
  });

  it('among a million short handlers beside processes that take every core', async () => {
    const greedy = hogs(availableParallelism());
    let left = 1_000_000;
    let failed = 0;
    const lane = async (turn: Turn): Promise<void> => {
      while (left-- > 0) {
        if ((await dispatch(() => null)) !== undefined) failed++;
        if (turn.isOver()) await turn.next();
      }
    };
    const turn = new Turn();
    await Promise.all(Array.from({ length: 16 }, () => lane(turn)));
    greedy.end();
    await after(50);
    expect(failed).toBe(0);
    expect(told).toEqual([]);
  });

  it('when code outside of all handlers holds the event loop; it is told of', async () => {
    const innocent = dispatch(() => after(LONG_MS));
    await after(5);
    compute();
    expect(await innocent).toBeUndefined();
    await eventually(() => expect(told).toMatchObject([{ runId: undefined, functionName: 'compute' }]));
  });
});

describe('a guard', () => {
  it('tells of a block once, and only the guard whose handler it was', async () => {
    const others: BlockReport[] = [];
    const other = new Guard({ house: {}, guardMs: 25, isWatched: true, onReport: (report) => others.push(report) });
    other.open();
    const innocent = dispatch(() => after(300), other);
    const run = guard.begin(++runs, 'resize', 'message');
    await inside.run(run, () => compute());
    expect(await run.end()).toMatchObject({ runId: runs });
    expect(run.end()).toBeUndefined();
    expect(await innocent).toBeUndefined();
    other.close();
    expect([told, others]).toEqual([[], []]);
  });

  it('allows as much as it was told to, beside a stricter one', async () => {
    const lenient = new Guard({ house: {}, guardMs: 1_000, isWatched: true, onReport: (report) => told.push(report) });
    lenient.open();
    expect(await dispatch(() => compute(), lenient)).toBeUndefined();
    lenient.close();
    expect(told).toEqual([]);
  });

  it('sees nothing before it is opened and after it is closed, and may be opened and closed twice', async () => {
    guard.close();
    guard.close();
    expect(guard.watch).toEqual({ kind: 'off' });
    expect(await dispatch(() => compute())).toBeUndefined();
    guard.open();
    guard.open();
    await watched();
    expect(await dispatch(() => compute())).toMatchObject({ runId: runs });
  });

  it('sees handlers that were in flight when it was opened', async () => {
    guard.close();
    const run = guard.begin(++runs, 'resize', 'message');
    guard.open();
    await watched();
    await inside.run(run, computeAfterAWhile);
    expect(await run.end()).toMatchObject({ runId: runs });
  });

  it('works where time is faked', async () => {
    vi.useFakeTimers();
    const report = await dispatch(() => compute());
    vi.useRealTimers();
    expect(report).toMatchObject({ runId: runs });
  });
});

/** The line of this file that `location` names. */
function lineAt(location: string | undefined): string {
  const [, file, line] = /^(.+):(\d+):\d+$/.exec(location ?? '') ?? [];
  expect(file).toBe(fileURLToPath(import.meta.url));
  return readFileSync(file!, 'utf8').split('\n')[Number(line) - 1] ?? '';
}

/** Lets the event loop turn every 5 ms, as the runners do. */
class Turn {
  private startedAt = performance.now();
  private over: Promise<void> | undefined;

  isOver(): boolean {
    return this.over !== undefined || performance.now() - this.startedAt > 5;
  }

  async next(): Promise<void> {
    this.over ??= setImmediate().then(() => {
      this.startedAt = performance.now();
      this.over = undefined;
    });
    await this.over;
  }
}
