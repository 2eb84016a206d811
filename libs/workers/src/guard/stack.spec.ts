import { describe, expect, it } from 'vitest';
import { blockingFrame, framesOf, shareAPlace, traceBelow, WATCHDOG_FILE } from './stack.js';

const frames = (...lines: string[]) =>
  framesOf({ stack: ['Error', ...lines.map((line) => `    at ${line}`)].join('\n') });

describe('a trace', () => {
  it('begins below what took it and reaches deep', () => {
    const take = (): ReturnType<typeof traceBelow> => traceBelow(take);
    const down = (depth: number): ReturnType<typeof take> => (depth === 0 ? take() : down(depth - 1));
    const [top, ...rest] = framesOf(down(30));
    expect(top?.functionName).toBe('down');
    expect(rest.filter(({ functionName }) => functionName === 'down')).toHaveLength(30);
  });

  it('leaves the limit of traces as it was', () => {
    const { stackTraceLimit } = Error;
    traceBelow(expect);
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });

  it('is read into functions and places', () => {
    expect(
      frames('Images.resize (file:///app/images.ts:12:7)', 'async /app/main.ts:3:1', 'new Image (/app/image.ts:1:2)'),
    ).toEqual([
      {
        text: 'at Images.resize (file:///app/images.ts:12:7)',
        functionName: 'Images.resize',
        file: '/app/images.ts',
        location: '/app/images.ts:12:7',
        isAwaiting: false,
      },
      {
        text: 'at async /app/main.ts:3:1',
        functionName: undefined,
        file: '/app/main.ts',
        location: '/app/main.ts:3:1',
        isAwaiting: true,
      },
      {
        text: 'at new Image (/app/image.ts:1:2)',
        functionName: 'new Image',
        file: '/app/image.ts',
        location: '/app/image.ts:1:2',
        isAwaiting: false,
      },
    ]);
  });

  it('is read without the watchdog in it, and without what names no place', () => {
    expect(frames(`${WATCHDOG_FILE}:1:20`, 'async Promise.all (index 0)', 'Array.map (<anonymous>)')).toEqual([]);
  });

  it('is empty when somebody makes something else of it', () => {
    expect(framesOf({ stack: ['a', 'list'] as unknown as string })).toEqual([]);
    const throwing = {
      get stack(): string {
        throw new Error('no');
      },
    };
    expect(framesOf(throwing)).toEqual([]);
    expect(framesOf({})).toEqual([]);
  });
});

describe('the blocking line', () => {
  const handler = 'Worker.handle (/app/worker.ts:20:5)';

  it("is the topmost place of the user's code that is in both traces", () => {
    const earlier = frames('hash (/app/hash.ts:3:9)', 'digest (/app/digest.ts:7:1)', handler);
    const later = frames('pad (/app/pad.ts:1:1)', 'digest (/app/digest.ts:9:1)', handler);
    expect(blockingFrame(earlier, later)?.location).toBe('/app/digest.ts:9:1');
  });

  it("is the user's call when what runs is Node's or a package's", () => {
    const busy = frames(
      'now (node:internal/perf/performance:1:1)',
      'sort (/app/node_modules/lodash/sort.js:1:1)',
      handler,
    );
    expect(blockingFrame(busy, busy)?.location).toBe('/app/worker.ts:20:5');
  });

  it('is the topmost of the later trace when both have nothing in common', () => {
    expect(blockingFrame(frames('one (/app/one.ts:1:1)'), frames('other (/app/other.ts:1:1)'))?.location).toBe(
      '/app/other.ts:1:1',
    );
  });

  it("is of the earlier trace when the later shows nothing of the user's", () => {
    expect(blockingFrame(frames(handler), frames('hook (node:internal/async_hooks:1:1)'))?.location).toBe(
      '/app/worker.ts:20:5',
    );
  });

  it('is never one that only awaits', () => {
    expect(blockingFrame(frames(`async ${handler}`), frames(`async ${handler}`))).toBeUndefined();
  });
});

describe('two traces', () => {
  it('share a place when one function runs in both, at whatever line', () => {
    expect(shareAPlace(frames('page (/app/page.ts:1:1)'), frames('page (/app/page.ts:9:1)'))).toBe(true);
  });

  it("share none when it is Node's, or only awaits", () => {
    const lines = ['listOnTimeout (node:internal/timers:1:1)', 'async main (/app/main.ts:1:1)'];
    expect(shareAPlace(frames(...lines), frames(...lines))).toBe(false);
  });
});
