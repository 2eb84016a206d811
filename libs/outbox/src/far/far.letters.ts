import { BUILT_IN_ERRORS, type HostPart, Packing } from '@nestjs-workers/core/extension';
import type { DeadLetterQuery } from '../dead/dead.letters.js';
import { ask, type LetterVerb, nameOf } from './asked.js';
import type { Letters } from './premises.js';

/** The dead letters as they are inside an isolate: each verb is asked of the host. */
export function farLetters(part: HostPart): Letters {
  const asked = async (verb: LetterVerb, ...given: readonly unknown[]) =>
    (await ask(part, ['letters', verb, given])) as never;
  return {
    find: async (query, ...page) => asked('find', crossing(query), ...page),
    count: async (query) => asked('count', crossing(query)),
    retry: async (id) => asked('retry', id),
    retryAll: async (query) => asked('retryAll', crossing(query)),
    retryWith: async (id, payload) => asked('retryWith', id, packed(payload)),
    discard: async (id) => asked('discard', id),
    discardAll: async (query) => asked('discardAll', crossing(query)),
  };
}

/** A query may name a channel by its declaration, which cannot cross. */
function crossing(query: DeadLetterQuery | undefined): DeadLetterQuery | undefined {
  return query?.channel === undefined ? query : { ...query, channel: nameOf(query.channel) };
}

/** Goes as a JSON text. Which channel it is for is known to the host alone: an instance of any class goes as plain data, and is made again there. */
function packed(payload: unknown): string {
  const { constructor } = Object(payload) as { readonly constructor?: unknown };
  const isInstance = typeof payload === 'object' && typeof constructor === 'function' && constructor !== Object;
  const packing = new Packing('json', BUILT_IN_ERRORS, isInstance ? (constructor as new () => object) : undefined);
  return JSON.stringify(packing.payload(payload)) ?? 'null';
}
