import { Worker, type WorkerHandler } from '@nestjs-workers/core';
import { type Thumbnail, Thumbnails } from '../thumbnails/thumbnail.js';
import { Gallery } from './gallery.js';

/** Hangs the thumbnails as they come out of the resize worker. */
@Worker({ in: Thumbnails })
export class GalleryWorker implements WorkerHandler<Thumbnail, void> {
  constructor(private readonly gallery: Gallery) {}

  handle(thumbnail: Thumbnail): void {
    this.gallery.hang(thumbnail);
  }
}
