import { access, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PermanentError } from '@nestjs-workers/core';
import { OutputFolder } from '../output/output.folder.js';
import type { Thumbnail } from '../thumbnails/thumbnail.js';

/** What a run needs to know of a thumbnail that another one stored. Where it lies follows from its id, so the folder may be moved. */
type ShelfRecord = Pick<Thumbnail, 'id' | 'name' | 'width' | 'height' | 'colour'>;

const RECORD = /^[0-9a-f]+\.json$/;

/**
 * The thumbnails that are stored for good, of all runs that wrote into this folder.
 *
 * Promises: `store` may be called twice for one thumbnail, also after the process was killed anywhere in it, and it is done once; what
 * resolved is found by every later run. A record is there as a whole or not at all, and never before its thumbnail.
 * Does not promise: anything about two runs that write into one folder at the same time.
 */
@Injectable()
export class Shelf implements OnModuleInit {
  private readonly stored = new Map<string, Thumbnail>();

  constructor(private readonly folder: OutputFolder) {}

  async onModuleInit(): Promise<void> {
    const there = new Set(await readdir(this.folder.thumbnails));
    for (const file of await readdir(this.folder.shelf)) {
      if (!RECORD.test(file)) continue;
      const record = JSON.parse(await readFile(join(this.folder.shelf, file), 'utf8')) as ShelfRecord;
      // Whoever deletes a thumbnail wants it made again.
      if (there.has(`${record.id}.jpg`)) this.stored.set(record.id, this.thumbnailOf(record));
    }
  }

  find(id: string): Thumbnail | undefined {
    return this.stored.get(id);
  }

  /** @throws (rejects) PermanentError when there is nothing to store any more */
  async store(thumbnail: Thumbnail): Promise<void> {
    if (this.stored.has(thumbnail.id)) return;
    const { id, name, width, height, colour } = thumbnail;
    await this.move(thumbnail);
    await this.write({ id, name, width, height, colour });
    this.stored.set(id, thumbnail);
  }

  /** Moves the print to its place; when it lies there already, an earlier attempt came this far. */
  private async move({ printPath, path }: Thumbnail): Promise<void> {
    try {
      await rename(printPath, path);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await access(path).catch(() => {
        throw new PermanentError('there is no print of it any more', { cause: error });
      });
    }
  }

  /** Beside its place first: a kill in the middle leaves no half record. */
  private async write(record: ShelfRecord): Promise<void> {
    const path = join(this.folder.shelf, `${record.id}.json`);
    await writeFile(`${path}.part`, `${JSON.stringify(record)}\n`, { flush: true });
    await rename(`${path}.part`, path);
  }

  private thumbnailOf(record: ShelfRecord): Thumbnail {
    const { printPath, thumbnailPath, previewPath } = this.folder.placesFor(record.id);
    return { ...record, printPath, path: thumbnailPath, previewPath };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
