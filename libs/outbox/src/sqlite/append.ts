import type { Appended, NewMessage, Rows } from '../store/store.js';
import { NOW_MS, type Tables } from './tables.js';

/** Runs one statement, here or in a transaction of the user's. */
export type Run = (sql: string, parameters: readonly unknown[]) => Rows | Promise<Rows>;

/** What one statement takes at most: more would hold the event loop, or be more than SQLite takes as one text. */
const MOST_MESSAGES = 1_000;
const MOST_CHARACTERS = 4_000_000;

/**
 * Writes messages through `run`: one statement with one text parameter, so that any handle of any library can run it. Only messages with
 * a deduplication key take three more.
 *
 * Promises: runs everything before it returns when `run` is synchronous, and only then does it return something else than a promise.
 */
export class Append {
  private readonly insert: string;
  private readonly forget: string;
  private readonly recall: string;
  private readonly remember: string;

  constructor({ message, deduplication }: Tables) {
    this.insert = insertSql(message);
    this.forget = forgetSql(deduplication);
    this.recall = recallSql(deduplication);
    this.remember = rememberSql(deduplication);
  }

  run(run: Run, messages: readonly NewMessage[]): readonly Appended[] | Promise<readonly Appended[]> {
    if (messages.every((message) => keyOf(message) === undefined))
      return after(this.insertAll(run, messages), (ids) => ids.map((id) => ({ id, isDuplicate: false })));
    return this.withoutDuplicates(run, messages);
  }

  private withoutDuplicates(run: Run, messages: readonly NewMessage[]) {
    const keys = JSON.stringify(messages.filter(keyOf).map(({ channel, deduplicate }) => [channel, deduplicate?.key]));
    // To write first is to hold the lock from the first: a transaction that reads and then writes can be refused.
    return after(run(this.forget, [keys]), () =>
      after(run(this.recall, [keys]), (rows) => {
        const known = new Map(rows.map(({ channel, key, id }) => [JSON.stringify([channel, key]), Number(id)]));
        return this.insertNew(run, messages, known);
      }),
    );
  }

  /** Writes those whose key is not used yet: not before, and not by one that comes earlier in this very append. */
  private insertNew(run: Run, messages: readonly NewMessage[], used: ReadonlyMap<string, number>) {
    const first = new Map<string, number>();
    const isNew = messages.map((message, index) => {
      const key = keyOf(message);
      if (key === undefined) return true;
      if (used.has(key) || first.has(key)) return false;
      first.set(key, index);
      return true;
    });
    return after(
      this.insertAll(
        run,
        messages.filter((_, index) => isNew[index]),
      ),
      (written) => {
        let next = 0;
        const ids = isNew.map((isNew) => (isNew ? written[next++] : undefined));
        const rows = [...first.values()].map((index) => usedOf(messages[index] as NewMessage, ids[index]));
        const idOf = (key: string) => used.get(key) ?? ids[first.get(key) as number];
        return after(run(this.remember, [JSON.stringify(rows)]), () =>
          messages.map((message, index) => ({
            id: (ids[index] ?? idOf(keyOf(message) as string)) as number,
            isDuplicate: isNew[index] === false,
          })),
        );
      },
    );
  }

  /** Returns their ids, in their order: ids grow, and rows are written in the order in which the text is read. */
  private insertAll(
    run: Run,
    messages: readonly NewMessage[],
    ids: readonly number[] = [],
  ): readonly number[] | Promise<readonly number[]> {
    if (messages.length === 0) return ids;
    const count = pieceOf(messages);
    const text = JSON.stringify(messages.slice(0, count).map(rowOf));
    return after(run(this.insert, [text]), (rows) => {
      const added = rows.map(({ id }) => Number(id)).toSorted((one, other) => one - other);
      return this.insertAll(run, messages.slice(count), ids.length === 0 ? added : ids.concat(added));
    });
  }
}

/** Goes on at once where there is nothing to wait for. */
function after<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function keyOf({ channel, deduplicate }: NewMessage): string | undefined {
  return deduplicate === null || deduplicate.windowMs <= 0 ? undefined : JSON.stringify([channel, deduplicate.key]);
}

function usedOf({ channel, deduplicate }: NewMessage, id: number | undefined): readonly unknown[] {
  return [channel, deduplicate?.key, id, Math.ceil(deduplicate?.windowMs ?? 0)];
}

function pieceOf(messages: readonly NewMessage[]): number {
  let characters = 0;
  let count = 0;
  for (const { payload, headers } of messages) {
    characters += payload.length + (headers?.length ?? 0);
    if (count > 0 && (count >= MOST_MESSAGES || characters > MOST_CHARACTERS)) break;
    count += 1;
  }
  return count;
}

function rowOf(message: NewMessage): readonly unknown[] {
  const { channel, payload, headers, key, priority, delayMs, atMs, expiresMs, wantsResult } = message;
  const rank = key === null ? -priority : 0;
  return [channel, rank, key, headers, payload, whole(delayMs), whole(atMs), whole(expiresMs), wantsResult ? 1 : 0];
}

function whole(ms: number | null): number | null {
  return ms === null ? null : Math.ceil(ms);
}

const insertSql = (message: string) => `
insert into ${message} (
  channel, rank, is_head, key, headers, payload, due_at_ms, ready_at_ms, created_at_ms, expires_at_ms, wants_result
)
select
  channel, rank, key is null, key, headers, payload,
  case when due_ms > now_ms then due_ms end, max(due_ms, now_ms), now_ms, now_ms + expires_ms, wants_result
from (
  select
    value ->> 0 as channel, value ->> 1 as rank, value ->> 2 as key, value ->> 3 as headers, value ->> 4 as payload,
    coalesce(value ->> 6, ${NOW_MS} + coalesce(value ->> 5, 0)) as due_ms,
    value ->> 7 as expires_ms, value ->> 8 as wants_result, ${NOW_MS} as now_ms
  from json_each(?)
)
returning id`;

const forgetSql = (deduplication: string) => `
delete from ${deduplication}
where until_ms <= ${NOW_MS} and (channel, key) in (select value ->> 0, value ->> 1 from json_each(?))`;

const recallSql = (deduplication: string) => `
select channel, key, id from ${deduplication}
where (channel, key) in (select value ->> 0, value ->> 1 from json_each(?))`;

const rememberSql = (deduplication: string) => `
insert into ${deduplication} (channel, key, id, until_ms)
select value ->> 0, value ->> 1, value ->> 2, ${NOW_MS} + (value ->> 3) from json_each(?)`;
