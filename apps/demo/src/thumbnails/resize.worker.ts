import { Worker, type WorkerContext, type WorkerHandler } from '@nestjs-workers/core';
import { BadPictures } from '../pictures/bad.pictures.js';
import { type Original, Originals } from './original.js';
import { type Thumbnail, Thumbnails } from './thumbnail.js';
import { ThumbnailPrinter } from './thumbnail.printer.js';

/** Four at a time, because sharp computes on the four threads of Node's own pool; the event loop stays free. */
@Worker({ in: Originals, out: Thumbnails, failures: BadPictures, expose: true, dispatch: 'inline', concurrency: 4 })
export class ResizeWorker implements WorkerHandler<Original, Thumbnail> {
  constructor(private readonly printer: ThumbnailPrinter) {}

  handle(original: Original, { signal }: WorkerContext): Promise<Thumbnail> {
    return this.printer.print(original, signal);
  }
}
