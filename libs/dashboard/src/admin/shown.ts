import { isDeepStrictEqual } from 'node:util';
import type { Peeked, Redact } from '@nestjs-workers/core';
import { asError } from '@nestjs-workers/core/extension';
import type { DeadLetter } from '@nestjs-workers/outbox';

/** A message that waits, as it may be shown: without `redact` neither its payload nor its headers are. */
export interface Shown {
  readonly id: string;
  readonly attempt: number;
  readonly waitedMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: unknown;
  /** Why its payload is not shown, where `redact` or JSON cannot do with it. */
  readonly unreadable?: string;
}

/** A dead letter, as it may be shown: without `redact` neither its payload nor its headers are. */
export interface ShownLetter extends Omit<DeadLetter, 'payload' | 'headers' | 'unreadable'> {
  readonly headers?: DeadLetter['headers'];
  readonly payload?: unknown;
  readonly unreadable?: string | undefined;
  /** Whether `payload` is what was put, so that it may be edited and put again: `redact` and JSON have left all of it. */
  readonly isOriginal?: boolean;
}

type Sendable = Pick<Shown, 'payload' | 'unreadable'>;

export function shown({ id, attempt, waitedMs, headers, payload }: Peeked, redact: Redact | undefined): Shown {
  const envelope = { id, attempt, waitedMs };
  return redact === undefined
    ? envelope
    : { ...envelope, headers, ...sendable(() => redact(payload, { messageId: id })) };
}

export function shownLetter(letter: DeadLetter, redact: Redact | undefined): ShownLetter {
  const { payload, unreadable, headers, ...rest } = letter;
  if (redact === undefined) return rest;
  const about = { messageId: letter.id };
  if (unreadable !== undefined) {
    const { payload: said, unreadable: why } = sendable(() => redact(unreadable, about));
    return { ...rest, headers, unreadable: why ?? String(said), isOriginal: false };
  }
  const original = copyOf(payload);
  const seen: Sendable = payload === undefined ? {} : sendable(() => redact(payload, about));
  return { ...rest, headers, ...seen, isOriginal: original !== undefined && isDeepStrictEqual(original, seen.payload) };
}

/** A payload as it can be sent, whatever is in it: one that cannot is to hide no other. */
function sendable(payload: () => unknown): Sendable {
  try {
    const text: string | undefined = JSON.stringify(payload(), asText);
    return { payload: text === undefined ? undefined : (JSON.parse(text) as unknown) };
  } catch (error) {
    // Its message may quote what redact was to hide.
    return { unreadable: `It cannot be shown: redact or JSON.stringify threw ${asError(error).name}.` };
  }
}

/** What JSON has no word for. */
function asText(_field: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  return value instanceof Map || value instanceof Set ? [...value] : value;
}

/** `redact` may change what it is given. Undefined where there can be no copy. */
function copyOf(payload: unknown): unknown {
  try {
    return structuredClone(payload);
  } catch {
    return undefined;
  }
}
