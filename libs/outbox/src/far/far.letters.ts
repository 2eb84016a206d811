import type { HostPart } from '@nestjs-workers/core/extension';
import { LETTER_VERBS, type LetterVerb } from './asked.js';
import { ask, nameOf } from './far.premises.js';

/** The verbs of `DeadLetters`, each asked of the host. */
export function farLetters(part: HostPart): Record<LetterVerb, (...given: readonly unknown[]) => Promise<unknown>> {
  const asking =
    (verb: LetterVerb) =>
    (...given: readonly unknown[]) =>
      ask(part, ['letters', verb, given.map(crossing)]);
  return Object.fromEntries(LETTER_VERBS.map((verb) => [verb, asking(verb)])) as ReturnType<typeof farLetters>;
}

/** A query may name a channel by its declaration, which cannot cross. */
function crossing(given: unknown): unknown {
  const { channel } = Object(given) as { readonly channel?: unknown };
  return typeof channel === 'object' && channel !== null && 'name' in channel
    ? { ...(given as object), channel: nameOf(channel as { name: string } as never) }
    : given;
}
