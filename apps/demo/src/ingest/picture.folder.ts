import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Injectable } from '@nestjs/common';
import { PayloadInvalidError } from '@nestjs-workers/core';
import { Gallery } from '../gallery/gallery.js';
import { originOfFile } from '../pictures/origin.js';
import { PICTURE_NAME, type Ticket } from '../pictures/picture.js';
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
   * Hands every picture to the intake, as fast as it takes them. Files that are no pictures by their name are left alone, and so are those
   * of which an earlier run made a thumbnail; what cannot be read is reported in the gallery.
   *
   * @throws (rejects) when the application stops
   */
  async read(sources: readonly string[]): Promise<void> {
    const found: Found[] = [];
    for (const source of sources) found.push(...(await this.picturesIn(source)));
    const expected: { readonly path: string; readonly ticket: Ticket }[] = [];
    for (const { path, name } of found)
      expected.push({ path, ticket: this.gallery.expect(name, await originOfFile(path)) });
    for (const { path, ticket } of expected) if (!this.gallery.recall(ticket)) await this.take(path, ticket);
  }

  private async take(path: string, ticket: Ticket): Promise<void> {
    try {
      const { size } = await stat(path);
      await this.intake.take({ ...ticket, path, bytes: size });
    } catch (error) {
      if (isUnreadable(error)) this.refuse(ticket, error);
      else if (!(error instanceof PayloadInvalidError)) throw error;
    }
  }

  private async picturesIn(source: string): Promise<Found[]> {
    const kind = await stat(source);
    if (!kind.isDirectory()) return [{ path: source, name: basename(source) }];
    const paths = await this.walk(source);
    return paths.toSorted().map((path) => ({ path, name: relative(source, path) }));
  }

  private async walk(folder: string): Promise<string[]> {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      const pictures = entries.filter((entry) => entry.isFile() && PICTURE_NAME.test(entry.name));
      const paths = pictures.map(({ name }) => join(folder, name));
      for (const entry of entries) if (entry.isDirectory()) paths.push(...(await this.walk(join(folder, entry.name))));
      return paths;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      this.refuse(this.gallery.expect(folder, `folder ${folder}`), error);
      return [];
    }
  }

  private refuse(ticket: Ticket, { message }: Error): void {
    this.gallery.refuse({ ...ticket, by: 'the folder', reason: message });
  }
}

/** Whether the file system says so: gone meanwhile, or not allowed. */
function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
