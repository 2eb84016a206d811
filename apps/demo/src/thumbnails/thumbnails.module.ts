import { Module } from '@nestjs/common';
import { ResizeWorker } from './resize.worker.js';
import { ThumbnailPrinter } from './thumbnail.printer.js';

/** All that resizing needs, and nothing of the rest of the application. */
@Module({ providers: [ThumbnailPrinter, ResizeWorker] })
export class ThumbnailsModule {}
