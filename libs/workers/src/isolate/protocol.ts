import { LOG_LEVELS, type LogLevel, type SendOptions } from '../dispatch/desk.js';
import type { Headers } from '../message/message.js';

/**
 * Every word that crosses between a host and its isolate: one union for each direction, tagged by the first element.
 *
 * Words are arrays, not objects: short under JSON and cheap under structured clone. Values of the user (payloads, results, errors,
 * progress) are packed before they are put into a word and unpacked by whoever reads them, see `wire/portable.ts`.
 *
 * Promises: a word that is not one of these, from whatever wrote it, is refused by `parseToHost` and `parseToIsolate`, never acted on.
 *
 * Invariant: an isolate says `entered`, or with the `done` before it which run it enters next, before it enters a handler, and what it said before has left by then; so when it dies, the host
 * knows which handlers it was in.
 */
export type ToIsolate =
  | readonly ['birth', birth: unknown]
  | readonly [
      'run',
      tx: Tx,
      id: string,
      attempt: number,
      caller: Caller,
      headers: Headers | null,
      payload: unknown,
      ...besides: Besides,
    ]
  | readonly ['abort', tx: Tx, reason: unknown]
  | readonly ['answer', call: number, value: unknown]
  | readonly ['refuse', call: number, error: unknown]
  | readonly ['told', call: number, value: unknown]
  | readonly ['stats', snapshot: unknown]
  | readonly ['ping']
  | readonly ['close', limitMs: number];

export type ToHost =
  | readonly ['ready', vitals: WireVitals]
  | readonly ['refused', error: unknown]
  | readonly ['entered', tx: Tx]
  | readonly ['done', tx: Tx, value: unknown, entered?: Tx]
  | readonly ['failed', tx: Tx, kind: WireFault, thrown: unknown]
  | readonly ['skipped', tx: Tx]
  | readonly ['reply', tx: Tx, value: unknown]
  | readonly ['progress', tx: Tx, value: unknown]
  | readonly ['said', tx: Tx, name: string, data: unknown]
  | readonly ['log', level: LogLevel, context: string, text: string, stack: string | null]
  | readonly ['command', call: number, tx: Tx | null, worker: string, options: SendOptions, payload: unknown]
  | readonly ['request', call: number, tx: Tx | null, worker: string, options: SendOptions, payload: unknown]
  | readonly ['ask', call: number, tx: Tx | null, part: string, options: SendOptions, asked: unknown]
  | readonly ['leave', call: number]
  | readonly ['put', channel: string, value: unknown, tx: Tx | null, within: Headers | null]
  | readonly ['stats']
  | readonly ['pong', vitals: WireVitals]
  | readonly ['pace', runMs: number];

/** Pairs a run with what is said of it; unique per isolate. */
export type Tx = string | number;

/** Whether somebody waits for an answer. */
export type Caller = 'waits' | 'none';

/** `[heap in use, resident set]`, in MB. */
export type WireVitals = readonly [heapMb: number, rssMb: number];

/** Of a message that lies in a store: `[when it was created, its idempotency key]`. */
export type WireStored = readonly [createdAtMs: number, idempotencyKey: string];

/** `within`: what is to be known of the trace that a run belongs to; its headers are the message's, here as everywhere. */
export type Besides = readonly [stored?: WireStored | null, within?: Headers];

/** How a handler failed, as far as the isolate can tell. */
export type WireFault = 'thrown' | 'validation_error' | 'serialization_error';

type Shape = readonly ((part: unknown) => boolean)[];

const any = (): boolean => true;
const oneOf = (words: readonly string[]) => (part: unknown) => words.includes(part as string);
const text = (part: unknown): boolean => typeof part === 'string';
const tx = (part: unknown): boolean => typeof part === 'string' || typeof part === 'number';
const txOrNothing = (part: unknown): boolean => part === undefined || tx(part);
const txOrNull = (part: unknown): boolean => part === null || tx(part);
const storedOrNothing = (part: unknown): boolean =>
  part === undefined ||
  part === null ||
  (Array.isArray(part) && Number.isFinite(part[0]) && text(part[1]) && part.length === 2);
const count = (part: unknown): boolean => Number.isSafeInteger(part);
const record = (part: unknown): boolean => typeof part === 'object' && part !== null && !Array.isArray(part);
const vitals = (part: unknown): boolean => Array.isArray(part) && part.length === 2 && part.every(Number.isFinite);
const recordOrNull = (part: unknown): boolean => part === null || record(part);
const recordOrNothing = (part: unknown): boolean => part === undefined || record(part);

const TO_ISOLATE: Readonly<Record<ToIsolate[0], Shape>> = {
  birth: [record],
  run: [tx, text, count, oneOf(['waits', 'none']), recordOrNull, any, storedOrNothing, recordOrNothing],
  abort: [tx, any],
  answer: [count, any],
  refuse: [count, any],
  told: [count, any],
  stats: [any],
  ping: [],
  close: [Number.isFinite],
};

const TO_HOST: Readonly<Record<ToHost[0], Shape>> = {
  ready: [vitals],
  refused: [any],
  entered: [tx],
  done: [tx, any, txOrNothing],
  failed: [tx, oneOf(['thrown', 'validation_error', 'serialization_error']), any],
  skipped: [tx],
  reply: [tx, any],
  progress: [tx, any],
  said: [tx, text, any],
  log: [oneOf(LOG_LEVELS), text, text, (part) => part === null || text(part)],
  command: [count, txOrNull, text, record, any],
  request: [count, txOrNull, text, record, any],
  ask: [count, txOrNull, text, record, any],
  leave: [count],
  put: [text, any, txOrNull, recordOrNull],
  stats: [],
  pong: [vitals],
  pace: [(part) => typeof part === 'number' && part > 0],
};

/** `word` as the host understands it; undefined when it is none. */
export function parseToHost(word: unknown): ToHost | undefined {
  return fits(word, TO_HOST) ? (word as ToHost) : undefined;
}

/** `word` as an isolate understands it; undefined when it is none. */
export function parseToIsolate(word: unknown): ToIsolate | undefined {
  return fits(word, TO_ISOLATE) ? (word as ToIsolate) : undefined;
}

function fits(word: unknown, shapes: Readonly<Record<string, Shape>>): boolean {
  if (!Array.isArray(word) || typeof word[0] !== 'string' || !Object.hasOwn(shapes, word[0])) return false;
  const shape = shapes[word[0]] as Shape;
  // A trailing undefined is lost under some serializers.
  if (word.length > shape.length + 1) return false;
  for (let i = 0; i < shape.length; i++) if (shape[i]?.(word[i + 1]) !== true) return false;
  return true;
}
