import type { SqliteHandle } from './handle.js';

/** A mark in a transaction, and how many wait who may write in no other. */
interface Mark {
  readonly name: string;
  holders: number;
}

/** What is set on each handle and was not found gone. */
const marks = new WeakMap<SqliteHandle, Mark>();
let last = 0;

/**
 * Takes hold of the transaction that is open on `handle`. A connection says whether one is open, and not which; but a savepoint goes with
 * the transaction it was set in, however that ends, and its name is given once.
 *
 * Promises: what it returns answers true only while that transaction is open, and leaves nothing behind.
 * Does not promise: to answer true where a savepoint was released or rolled back to that is older; nor a savepoint of the user's that is
 * younger, when what he added was not awaited before he set it.
 */
export function holdOn(handle: SqliteHandle): () => boolean {
  const known = marks.get(handle);
  const mark = known !== undefined && isThere(handle, known) ? known : { name: `nestjs_workers_${++last}`, holders: 0 };
  handle.exec(`savepoint ${mark.name}`);
  mark.holders += 1;
  marks.set(handle, mark);
  return () => {
    mark.holders -= 1;
    if (marks.get(handle) !== mark || !isThere(handle, mark)) return false;
    if (mark.holders > 0) {
      handle.exec(`savepoint ${mark.name}`);
      marks.set(handle, mark);
    }
    return true;
  };
}

/** Takes the mark away: there is no other way to ask for it. */
function isThere(handle: SqliteHandle, { name }: Mark): boolean {
  marks.delete(handle);
  try {
    handle.exec(`release ${name}`);
    return true;
  } catch {
    return false;
  }
}
