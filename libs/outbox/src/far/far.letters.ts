import { BUILT_IN_ERRORS, type HostPart, Packing } from '@nestjs-workers/core/extension';
import { LETTER_VERBS, type LetterVerb } from './asked.js';
import { ask, nameOf } from './far.premises.js';

/** The verbs of `DeadLetters`. */
export type LetterVerbs = Record<LetterVerb, (...given: readonly unknown[]) => Promise<unknown>>;

/** Each of them as a call of `call`. */
export function lettersBy(call: (verb: LetterVerb, given: readonly unknown[]) => Promise<unknown>): LetterVerbs {
  const verbs = LETTER_VERBS.map((verb) => [verb, (...given: readonly unknown[]) => call(verb, given)]);
  return Object.fromEntries(verbs) as LetterVerbs;
}

/** Each of them asked of the host. */
export function farLetters(part: HostPart): LetterVerbs {
  return lettersBy(async (verb, given) => ask(part, ['letters', verb, crossing(verb, given)]));
}

/** A payload goes as a JSON text. A query may name a channel by its declaration, which cannot cross. */
function crossing(verb: LetterVerb, [first, ...rest]: readonly unknown[]): readonly unknown[] {
  if (verb === 'retryWith') return [first, packed(rest[0])];
  const { channel } = Object(first) as { readonly channel?: unknown };
  const isDeclared = typeof channel === 'object' && channel !== null && 'name' in channel;
  return [isDeclared ? { ...(first as object), channel: nameOf(channel as never) } : first, ...rest];
}

/** Which channel it is for is known to the host alone: an instance of any class goes as plain data, and is made again there. */
function packed(payload: unknown): string {
  const { constructor } = Object(payload) as { readonly constructor?: unknown };
  const isInstance = typeof payload === 'object' && typeof constructor === 'function' && constructor !== Object;
  const packing = new Packing('json', BUILT_IN_ERRORS, isInstance ? (constructor as new () => object) : undefined);
  return JSON.stringify(packing.payload(payload)) ?? 'null';
}
