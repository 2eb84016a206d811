import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Injectable } from '@nestjs/common';
import { PayloadInvalidError } from '@nestjs-workers/core';
import { Gallery } from '../gallery/gallery.js';
import { PICTURE_NAME } from '../pictures/picture.js';
import { Intake } from './intake.js';

interface Found {
  readonly path: string;
  /** As its owner would call it: the path below the folder that was given. */
  readonly name: string;
}

/** Reads pictures from folders and single files. */
@Injectable()
export class PictureFolder {
  constructor(
    private readonly gallery: Gallery,
    private readonly intake: Intake,
  ) {}

  /**
   * Hands every picture to the intake, as fast as it takes them. Files that are no pictures by their name are left alone.
   *
   * @throws (rejects) when a source does not exist, or when the application stops
   */
  async read(sources: readonly string[]): Promise<void> {
    const found = (await Promise.all(sources.map(picturesIn))).flat();
    const expected = found.map(({ path, name }) => ({ path, ticket: this.gallery.expect(name) }));
    for (const { path, ticket } of expected) {
      try {
        const { size } = await stat(path);
        await this.intake.take({ ...ticket, path, bytes: size });
      } catch (error) {
        if (isVanished(error)) this.gallery.refuse({ ...ticket, by: 'the folder', reason: error.message });
        else if (!(error instanceof PayloadInvalidError)) throw error;
      }
    }
  }
}

async function picturesIn(source: string): Promise<Found[]> {
  const kind = await stat(source);
  if (!kind.isDirectory()) return [{ path: source, name: basename(source) }];
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && PICTURE_NAME.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => ({ path, name: relative(source, path) }));
}

function isVanished(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
