import { BUILT_IN_ERRORS, Packing } from '@nestjs-workers/core/plain';

const PACKING = new Packing('json', BUILT_IN_ERRORS);

/** A value as it lies in a store, in the form in which durable channels write theirs. @throws NotPortableError */
export function written(value: unknown): string {
  return JSON.stringify(PACKING.payload(value)) ?? 'null';
}

/** The value again. @throws SyntaxError, UnreadableError */
export function read(text: string): unknown {
  return PACKING.unpack(JSON.parse(text));
}

/** Short, and of signs that every database keeps and every table shows. */
const NAME = /^[^\p{Cc}\p{Cs}]{1,100}$/u;

/**
 * What an event or an input calls itself; null when it has no name. A longer text is none, but what there is to say: it stands in the payload, and
 * nowhere else.
 */
export function typeOf(value: unknown): string | null {
  const type: unknown = typeof value === 'object' && value !== null && 'type' in value ? value.type : value;
  return typeof type === 'string' && NAME.test(type) ? type : null;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether it is a text that every database keeps as it is: what instances and keys are called by. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\u0000') && !LONE_SURROGATE.test(value);
}

/** What a state is called in diagrams. */
export function labelOf(state: unknown): string {
  if (typeof state === 'string') return state;
  const { status, type } = (state ?? {}) as { status?: unknown; type?: unknown };
  const label = status ?? type;
  return typeof label === 'string' ? label : 'state';
}
