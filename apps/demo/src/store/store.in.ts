import { createHash } from 'node:crypto';
import type { Store } from '@nestjs-workers/outbox';
import type { OutputFolder } from '../output/output.folder.js';

/**
 * Where the durable messages of one output folder lie: in a file in it, or in a PostgreSQL, where each folder has a schema of its own. A
 * demo with another folder must not get thumbnails that belong into this one.
 */
export async function storeIn(folder: OutputFolder, databaseUrl: string | undefined): Promise<Store> {
  if (databaseUrl === undefined) {
    const { sqliteStore } = await import('@nestjs-workers/outbox/sqlite');
    return sqliteStore({ file: folder.outbox });
  }
  const { postgresStore } = await import('@nestjs-workers/outbox/postgres');
  const schema = `photo_pipeline_${createHash('sha256').update(folder.path).digest('hex').slice(0, 12)}`;
  return postgresStore({ connectionString: databaseUrl, schema });
}
