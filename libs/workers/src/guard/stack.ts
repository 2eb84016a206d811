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

/**
 * The line that blocks, of two traces taken while it did: the topmost place of the user's code that is in both. By place a
 * function is meant, not a line: a loop is seen at any of its lines. Without such a place it is the user's topmost line of either.
 */
export function blockingFrame(earlier: readonly Frame[], later: readonly Frame[]): Frame | undefined {
  const places = new Set(earlier.map(placeOf));
  const mine = later.filter(isUsers);
  return mine.find((frame) => places.has(placeOf(frame))) ?? mine[0] ?? earlier.find(isUsers);
}

/** Whether one function, not Node's own, was running in both traces. */
export function shareAPlace(earlier: readonly Frame[], later: readonly Frame[]): boolean {
  const places = new Set(earlier.filter(isRunning).map(placeOf));
  return later.some((frame) => isRunning(frame) && places.has(placeOf(frame)));
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
