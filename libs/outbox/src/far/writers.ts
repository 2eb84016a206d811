import type { Whereabouts, Writer } from '../store/whereabouts.js';

/** Who writes where no store is, only a transaction. Loads of the store what writes, and no driver. */
export async function writerAt(whereabouts: Whereabouts): Promise<Writer> {
  if (whereabouts.store === 'sqlite') {
    const { SqliteWriter } = await import('../sqlite/sqlite.writer.js');
    return SqliteWriter.of(whereabouts.prefix);
  }
  const { PostgresWriter } = await import('../postgres/postgres.writer.js');
  return PostgresWriter.of(whereabouts.schema, whereabouts.notifiesInTransaction);
}
