/**
 * What an error of a driver asks for: to wait, to give up, or to mend the program.
 *
 * better-sqlite3 and libsql tell SQLite's result as `code: 'SQLITE_BUSY'`, node:sqlite as `errcode: 5`; of a closed connection each speaks
 * in its own words.
 */
export function faultOf(error: unknown): 'busy' | 'unreachable' | 'mistake' {
  if (!(error instanceof Error)) return 'mistake';
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  const result = typeof errcode === 'number' ? RESULTS[errcode & PRIMARY_RESULT] : resultOf(code);
  if (result === 'BUSY' || result === 'LOCKED') return 'busy';
  if (result !== undefined) return result === 'ERROR' || result === 'CONSTRAINT' ? 'mistake' : 'unreachable';
  return /not open|closed/i.test(error.message) ? 'unreachable' : 'mistake';
}

/** An extended result code holds the primary one in its last byte. */
const PRIMARY_RESULT = 0xff;

/** SQLite's primary result codes that this library meets; any other counts as a mistake. */
const RESULTS: Readonly<Record<number, string>> = {
  1: 'ERROR',
  5: 'BUSY',
  6: 'LOCKED',
  7: 'NOMEM',
  8: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  15: 'PROTOCOL',
  19: 'CONSTRAINT',
  26: 'NOTADB',
};

function resultOf(code: unknown): string | undefined {
  const name = typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined;
  return name !== undefined && Object.values(RESULTS).includes(name) ? name : undefined;
}
