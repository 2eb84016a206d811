import type { Duration } from '../lifecycle/duration.js';

/** What a sender may say of a message that goes to a durable channel. A channel in memory takes none of it. */
export interface Sending {
  /** Not before this much time has passed. Either this or `at`. */
  readonly delay?: Duration;
  /** Not before this time. */
  readonly at?: Date;
  /** From -9 to 9; the higher runs first. Not together with a key. @default 0 */
  readonly priority?: number;
  /** Messages of one channel with the same key run in the order in which they were committed, one at a time, over all hosts. */
  readonly key?: string;
  /** While a message with this key was put on this channel within the window, putting another does nothing. */
  readonly deduplicate?: { readonly key: string; readonly window: Duration };
}

const SENDING: Readonly<Record<keyof Sending, true>> = {
  delay: true,
  at: true,
  priority: true,
  key: true,
  deduplicate: true,
};

/** The parts of `options` that only a durable channel takes. */
export function sendingIn(options: object): (keyof Sending)[] {
  return (Object.keys(options) as (keyof Sending)[]).filter((name) => Object.hasOwn(SENDING, name));
}

/** The same as plain values that cross to another process; undefined when there is none. */
export function packSending(options: object): Readonly<Record<string, unknown>> | undefined {
  const said = sendingIn(options);
  if (said.length === 0) return undefined;
  const given = options as Sending;
  return Object.fromEntries(said.map((name) => [name, name === 'at' ? given.at?.getTime() : given[name]]));
}

export function unpackSending(packed: Readonly<Record<string, unknown>> | undefined): Sending {
  if (packed === undefined) return {};
  const { at, ...rest } = packed;
  return typeof at === 'number' ? { ...rest, at: new Date(at) } : rest;
}
