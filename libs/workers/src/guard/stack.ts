import { fileURLToPath } from 'node:url';

/**
 * Reads stack traces: which line of the user's code was running.
 *
 * A trace is captured as an object and made into text much later, when it turns out to be needed: making text may run source maps
 * and other people's `Error.prepareStackTrace`, and there is no time for that inside an interrupted handler.
 */
export interface Trace {
  readonly stack?: string;
}

/** One line of a trace. */
export interface Frame {
  readonly text: string;
  readonly functionName: string | undefined;
  readonly file: string;
  /** `file:line:column`, the file as a path. */
  readonly location: string;
  /** Whether it only awaits what the frames above it do. */
  readonly isAwaiting: boolean;
}

/** How deep a trace goes: enough for the handler to be in it below what it called. */
const DEPTH = 64;

/** The stack as it is here, without `top` and everything above it. */
export function traceBelow(top: (...args: never[]) => unknown): Trace {
  const trace: Trace = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(trace, top);
  Error.stackTraceLimit = stackTraceLimit;
  return trace;
}

/** The file the watchdog's own frame claims to be in; it is left out of traces. */
export const WATCHDOG_FILE = 'nestjs-workers.guard';

/** The frames of a trace from the top; none when somebody's `prepareStackTrace` throws or makes no text. */
export function framesOf(trace: Trace): Frame[] {
  try {
    return (trace.stack ?? '')
      .split('\n')
      .flatMap((line) => frameIn(line) ?? [])
      .filter(({ file }) => file !== WATCHDOG_FILE);
  } catch {
    return [];
  }
}

/** Some of a row of traces, and the places that were running in each of them. */
export interface InCommon {
  readonly first: number;
  readonly last: number;
  readonly places: ReadonlySet<string>;
}

/**
 * The longest part of a row of traces, oldest first, with a place running in all of it; the last trace alone when no two have one.
 * By place a function is meant, not a line: a loop is seen at any of its lines. Node's own functions are nobody's place.
 */
export function longestInCommon(traces: readonly (readonly Frame[])[]): InCommon {
  const rows = traces.map((frames) => new Set(frames.filter(isRunning).map(placeOf)));
  let longest: InCommon = { first: rows.length - 1, last: rows.length - 1, places: rows.at(-1) ?? new Set() };
  for (const first of rows.keys()) {
    let places = rows[first] ?? new Set();
    for (let last = first + 1; last < rows.length; last++) {
      places = new Set([...places].filter((place) => rows[last]?.has(place)));
      if (places.size === 0) break;
      if (last - first > longest.last - longest.first) longest = { first, last, places };
    }
  }
  return longest;
}

/** The line that blocks: the topmost of the user's code, among `places` if it can be. What packages do is their callers' doing. */
export function blockingFrame(frames: readonly Frame[], places: ReadonlySet<string>): Frame | undefined {
  const mine = frames.filter(isUsers);
  return mine.find((frame) => places.has(placeOf(frame))) ?? mine[0] ?? frames.find(isRunning);
}

const LINE = /^\s*at (?<awaiting>async )?(?:(?<name>.+?) \()?(?<file>.+?):(?<line>\d+):(?<column>\d+)\)?$/;

function frameIn(text: string): Frame | undefined {
  const { awaiting, name, file, line, column } = LINE.exec(text)?.groups ?? {};
  if (file === undefined) return undefined;
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  return {
    text: text.trim(),
    functionName: name,
    file: path,
    location: `${path}:${line}:${column}`,
    isAwaiting: awaiting !== undefined,
  };
}

/** Anonymous functions of one file cannot be told apart by name, and are taken for one. */
function placeOf({ functionName, file }: Frame): string {
  return `${functionName ?? ''} ${file}`;
}

function isRunning({ file, isAwaiting }: Frame): boolean {
  return !isAwaiting && !file.startsWith('node:');
}

function isUsers(frame: Frame): boolean {
  return isRunning(frame) && !/[\\/]node_modules[\\/]/.test(frame.file);
}
