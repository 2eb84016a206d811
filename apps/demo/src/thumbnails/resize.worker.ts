import { inThread, Worker, type WorkerContext, type WorkerHandler } from '@nestjs-workers/core';
import { BadPictures } from '../pictures/bad.pictures.js';
import { type Original, Originals } from './original.js';
import { type Thumbnail, Thumbnails } from './thumbnail.js';
import { ThumbnailPrinter } from './thumbnail.printer.js';

const context = () => import('./thumbnails.module.js').then(({ ThumbnailsModule }) => ThumbnailsModule);

/**
 * Resizes in two threads, each with a printer of its own. `dispatch: 'inline'` would bring it back to the event loop; nothing else would have
 * to change. Of the four under way two wait ahead, so that no thread waits for the next.
 */
@Worker({
  in: Originals,
  out: Thumbnails,
  failures: BadPictures,
  expose: true,
  concurrency: 4,
  dispatch: inThread({ context, size: 2 }),
})
export class ResizeWorker implements WorkerHandler<Original, Thumbnail> {
  constructor(private readonly printer: ThumbnailPrinter) {}

  handle(original: Original, { signal }: WorkerContext): Promise<Thumbnail> {
    return this.printer.print(original, signal);
  }
}
