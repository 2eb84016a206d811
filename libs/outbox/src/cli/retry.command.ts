import { type Command, counted, type Given, type Terminal, UsageError } from '@nestjs-workers/core/cli';
import { shown } from '@nestjs-workers/core/plain';
import type { DeadLetterQuery, Store } from '../store/store.js';
import { nothingFound, QUERY_OPTIONS, queryOf } from './letter.query.js';
import { STORE_OPTIONS, withOpen } from './store.choice.js';

/** Has dead letters tried again. They keep their id, their idempotency key and their history. */
export const retry: Command = {
  summary: 'Has dead letters tried again: those named, or all of a channel.',
  words: '<id...> | --channel <name> --all',
  options: {
    ...STORE_OPTIONS,
    all: { about: 'All dead letters of --channel, or those of them that the other options leave.' },
    ...QUERY_OPTIONS,
  },
  notes: 'Exits with 1 when an id is no dead letter; the others are tried again all the same.',
  run: async (given, terminal) => {
    const wanted = wantedOf(given);
    return withOpen(given, (store) =>
      'ids' in wanted ? retryIds(store, wanted.ids, terminal) : retryAll(store, wanted.all, terminal),
    );
  },
};

type Wanted = { readonly ids: readonly number[] } | { readonly all: DeadLetterQuery };

function wantedOf(given: Given): Wanted {
  const ids = [...new Set(given.words.map(idOf))];
  const query = queryOf(given);
  if (ids.length > 0) {
    const other = ['all', 'channel', 'reason', 'since'].find((option) => given.has(option));
    if (other === undefined) return { ids };
    throw new UsageError(`expected ids, or --channel <name> --all, got ids and --${other}. Keep one of them.`);
  }
  if (!given.has('all'))
    throw new UsageError('expected ids, or --channel <name> --all, got neither. "dead-letters" lists them.');
  if (query.channel === undefined)
    throw new UsageError('--all: expected a channel, got none. Say --channel <name> --all.');
  return { all: query };
}

function idOf(text: string): number {
  const id = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(id) && id > 0) return id;
  throw new UsageError(`expected the id of a dead letter, got ${shown(text)}. "dead-letters" lists them.`);
}

async function retryIds(store: Store, ids: readonly number[], { say, complain }: Terminal): Promise<number> {
  const letters = await store.deadLetters.find({ ids }, { limit: ids.length });
  const retried = await store.deadLetters.retry({ ids });
  await store.wake([...new Set(letters.map(({ channel }) => channel))]);
  if (retried.length > 0) say(told(retried));
  const others = ids.filter((id) => !retried.includes(id));
  for (const id of others) complain(`Message ${id} is no dead letter: it is live, done, discarded, or never was.`);
  return others.length === 0 ? 0 : 1;
}

async function retryAll(store: Store, query: DeadLetterQuery, { say }: Terminal): Promise<number> {
  const retried = await store.deadLetters.retry(query);
  if (retried.length > 0) await store.wake([String(query.channel)]);
  say(retried.length > 0 ? told(retried) : await nothingFound(store, query));
  return 0;
}

/** Names them as long as they fit a line or two. */
function told(ids: readonly number[]): string {
  const names = ids.length > 20 ? '' : `: ${ids.join(', ')}`;
  return `${counted(ids.length, 'message is', 'messages are')} tried again${names}.`;
}
