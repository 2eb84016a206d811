import { Worker, type WorkerHandler } from '@nestjs-workers/core';
import { Shelf } from '../shelf/shelf.js';
import { type Thumbnail, Thumbnails } from '../thumbnails/thumbnail.js';
import { Gallery } from './gallery.js';

/**
 * Stores the thumbnails for good as they come out of the resize worker, and hangs them. Its channel is durable, so a thumbnail may come
 * twice: again after this process was killed in between. The shelf takes each once.
 */
@Worker({ in: Thumbnails })
export class GalleryWorker implements WorkerHandler<Thumbnail, void> {
  constructor(
    private readonly shelf: Shelf,
    private readonly gallery: Gallery,
  ) {}

  async handle(thumbnail: Thumbnail): Promise<void> {
    await this.shelf.store(thumbnail);
    this.gallery.hang(thumbnail);
  }
}
