/** What the tables of one store are called. */
export interface Tables {
  readonly prefix: string;
  /** Lives: ready, delayed or claimed. */
  readonly message: string;
  readonly dead: string;
  readonly finished: string;
  readonly host: string;
  readonly deduplication: string;
  readonly tick: string;
  readonly once: string;
  readonly pause: string;
  readonly meta: string;
  readonly migration: string;
}

/** @throws TypeError A prefix that would have to be quoted. */
export function tablesOf(prefix: string): Tables {
  if (!/^[a-z_][a-z0-9_]*$/i.test(prefix))
    throw new TypeError(`sqliteStore.prefix: expected letters, digits and underscores, got ${JSON.stringify(prefix)}.`);
  return {
    prefix,
    message: `${prefix}message`,
    dead: `${prefix}dead`,
    finished: `${prefix}finished`,
    host: `${prefix}host`,
    deduplication: `${prefix}deduplication`,
    tick: `${prefix}tick`,
    once: `${prefix}once`,
    pause: `${prefix}pause`,
    meta: `${prefix}meta`,
    migration: `${prefix}migration`,
  };
}

/** SQLite's own clock in milliseconds since 1970, as it can be asked before 3.42; one value throughout a statement. */
export const NOW_MS = `cast(round((julianday('now') - 2440587.5) * 86400000.0) as integer)`;

/** What a message takes with it when it dies, and brings back when it is retried. */
export const DEAD_COLUMNS =
  'id, channel, rank, claims, attempt, crashes, created_at_ms, wants_result, key, headers, payload';

/** `history` with one more failure, a JSON object, and the time of it. */
export function withFailure(failure: string): string {
  return `json_insert(coalesce(history, '[]'), '$[#]', json_set(${failure}, '$.atMs', ${NOW_MS}))`;
}

/** The elements of a JSON text parameter as `value`; what else json_each tells bears the names of our columns. */
export const LINES = '(select value from json_each(?))';
