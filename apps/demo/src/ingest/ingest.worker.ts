import { PermanentError, Worker, type WorkerContext, WorkerGateway, type WorkerHandler } from '@nestjs-workers/core';
import sharp from 'sharp';
import { OutputFolder } from '../output/output.folder.js';
import { BadPictures } from '../pictures/bad.pictures.js';
import { type Picture, Pictures } from '../pictures/picture.js';
import { ResizeWorker } from '../thumbnails/resize.worker.js';

const FORMATS: ReadonlySet<string | undefined> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff']);

/**
 * Looks into each file, and passes on what is a picture.
 *
 * It sends with `command` and waits for room instead of returning to an `out` channel, because an output is offered and never
 * awaited: when resizing is behind, ingest waits, the pictures channel fills, and whoever reads the folder waits too. Nothing is lost.
 */
@Worker({ in: Pictures, failures: BadPictures, expose: true, concurrency: 2, timeout: '2m' })
export class IngestWorker implements WorkerHandler<Picture, void> {
  constructor(
    private readonly folder: OutputFolder,
    private readonly workers: WorkerGateway,
  ) {}

  async handle({ id, name, path }: Picture, { signal }: WorkerContext): Promise<void> {
    const { width, height } = await inspect(path);
    const original = { id, name, path, width, height, ...this.folder.placesFor(id) };
    await this.workers.command(ResizeWorker, original, { signal });
  }
}

/** The size of the picture as it is meant to be seen. */
async function inspect(path: string): Promise<{ width: number; height: number }> {
  const { format, autoOrient } = await sharp(path).metadata().catch(notAPicture);
  if (!FORMATS.has(format)) throw new PermanentError(`it is called a picture, but it is ${format ?? 'something else'}`);
  return autoOrient;
}

function notAPicture(cause: unknown): never {
  throw new PermanentError('it is called a picture, but it is none', { cause });
}
