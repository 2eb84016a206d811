import { describe, expect, it } from 'vitest';
import { blockingFrame, framesOf, longestInCommon, traceBelow, WATCHDOG_FILE } from './stack.js';

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

describe('a row of traces', () => {
  const [one, page, pageBelow, other] = [
    frames('one (/app/one.ts:1:1)'),
    frames('page (/app/page.ts:1:1)'),
    frames('parse (/app/parse.ts:1:1)', 'page (/app/page.ts:9:1)'),
    frames('other (/app/other.ts:1:1)'),
  ];

  it('has its longest part in common in which one function runs, at whatever line', () => {
    expect(longestInCommon([one, page, pageBelow, page, other])).toEqual({
      first: 1,
      last: 3,
      places: new Set(['page /app/page.ts']),
    });
  });

  it('has its last trace in common with itself when nothing goes on', () => {
    expect(longestInCommon([one, page, other])).toMatchObject({ first: 2, last: 2 });
  });

  it("has nothing in common in what only awaits or is Node's own", () => {
    const waiting = frames('listOnTimeout (node:internal/timers:1:1)', 'async main (/app/main.ts:1:1)');
    expect(longestInCommon([waiting, waiting])).toEqual({ first: 1, last: 1, places: new Set() });
  });
});

describe('the blocking line', () => {
  const handler = 'Worker.handle (/app/worker.ts:20:5)';
  const digest = 'digest (/app/digest.ts:9:1)';

  it("is the topmost of the user's code in the places that blocked", () => {
    const seen = frames('pad (/app/pad.ts:1:1)', digest, handler);
    const places = new Set(['digest /app/digest.ts', 'Worker.handle /app/worker.ts']);
    expect(blockingFrame(seen, places)?.location).toBe('/app/digest.ts:9:1');
  });

  it("is the user's call when what runs is Node's or a package's", () => {
    const seen = frames('now (node:internal/perf:1:1)', 'sort (/app/node_modules/lodash/sort.js:1:1)', handler);
    expect(blockingFrame(seen, new Set(['sort /app/node_modules/lodash/sort.js']))?.location).toBe(
      '/app/worker.ts:20:5',
    );
  });

  it("is the package's when the user's code is not in it", () => {
    expect(blockingFrame(frames('sort (/app/node_modules/lodash/sort.js:1:1)'), new Set())?.functionName).toBe('sort');
  });

  it('is never one that only awaits', () => {
    expect(blockingFrame(frames(`async ${handler}`), new Set(['Worker.handle /app/worker.ts']))).toBeUndefined();
  });
});
