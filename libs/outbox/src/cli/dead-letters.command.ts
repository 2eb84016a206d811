import { aligned, type Command, counted, harmless, timeOf } from '@nestjs-workers/core/cli';
import type { DeadLetter } from '../store/store.js';
import { nothingFound, QUERY_OPTIONS, queryOf } from './letter.query.js';
import { STORE_OPTIONS, withOpen } from './store.choice.js';

/** Lists dead letters, the latest first, with the history of their failures. */
export const deadLetters: Command = {
  summary: 'Lists dead letters with their history, the latest first.',
  options: {
    ...STORE_OPTIONS,
    ...QUERY_OPTIONS,
    limit: { value: 'n', about: 'At most so many. Default: 20.' },
    payloads: { about: 'Shows payloads and headers too, as they lie in the store.' },
    json: { about: 'As a JSON array.' },
  },
  notes: 'Payloads may hold what not everybody may see, so they are shown only when asked for.',
  run: async (given, { say }) => {
    const query = queryOf(given);
    const limit = given.count('limit', 1, 20);
    return withOpen(given, async (store) => {
      const letters = await store.deadLetters.find(query, { limit });
      const isOpen = given.has('payloads');
      if (given.has('json')) {
        say(
          JSON.stringify(
            letters.map((letter) => asRecord(letter, isOpen)),
            undefined,
            2,
          ),
        );
        return 0;
      }
      if (letters.length === 0) say(await nothingFound(store, query));
      for (const letter of letters)
        say([asLine(letter), ...asHistory(letter), ...(isOpen ? asContent(letter) : [])].join('\n'));
      const count = letters.length < limit ? letters.length : await store.deadLetters.count(query);
      if (count > letters.length) say(`${letters.length} of ${counted(count, 'dead letter')}; --limit shows more.`);
      return 0;
    });
  },
};

function asLine({ id, channel, reason, deadAtMs, attempt, crashes, key }: DeadLetter): string {
  const parts = [
    `${id}  ${channel}  ${reason}  ${timeOf(deadAtMs)}`,
    counted(attempt, 'attempt'),
    ...(crashes === 0 ? [] : [counted(crashes, 'crash', 'crashes')]),
    ...(key === null ? [] : [`key ${key}`]),
  ];
  return harmless(parts.join(', '));
}

function asHistory({ history }: DeadLetter): string[] {
  const rows = history.map(({ attempt, kind, message, host, atMs }) =>
    [String(attempt), timeOf(atMs), host, kind, message].map(harmless),
  );
  return aligned(rows).map((line) => `    ${line}`);
}

function asContent({ payload, headers }: DeadLetter): string[] {
  return [`    payload ${harmless(payload)}`, ...(headers === null ? [] : [`    headers ${harmless(headers)}`])];
}

function asRecord(letter: DeadLetter, isOpen: boolean): object {
  const { payload, headers, createdAtMs, deadAtMs, history, ...rest } = letter;
  return {
    ...rest,
    createdAt: timeOf(createdAtMs),
    deadAt: timeOf(deadAtMs),
    history: history.map(({ attempt, kind, message, host, atMs }) => ({
      attempt,
      kind,
      message,
      host,
      at: timeOf(atMs),
    })),
    ...(isOpen ? { payload, headers } : {}),
  };
}
