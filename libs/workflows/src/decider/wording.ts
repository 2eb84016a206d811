import { BUILT_IN_ERRORS, Packing } from '@nestjs-workers/core/extension';

const PACKING = new Packing('json', BUILT_IN_ERRORS);

/** A value as it lies in a store, in the form in which durable channels write theirs. @throws NotPortableError */
export function written(value: unknown): string {
  return JSON.stringify(PACKING.payload(value)) ?? 'null';
}

/** The value again. @throws SyntaxError, UnreadableError */
export function read(text: string): unknown {
  return PACKING.unpack(JSON.parse(text));
}

/** What an event or an input says of itself; null when it says nothing. */
export function typeOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const type: unknown = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  return typeof type === 'string' ? type : null;
}

/** What a state is called in diagrams. */
export function labelOf(state: unknown): string {
  if (typeof state === 'string') return state;
  const { status, type } = (state ?? {}) as { status?: unknown; type?: unknown };
  const label = status ?? type;
  return typeof label === 'string' ? label : 'state';
}
