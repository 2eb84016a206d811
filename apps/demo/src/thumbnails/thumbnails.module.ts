import { Module } from '@nestjs/common';
import { provideWorkers } from '@nestjs-workers/core';
import { ResizeWorker } from './resize.worker.js';
import { ThumbnailPrinter } from './thumbnail.printer.js';

/**
 * All that resizing needs, and nothing of the rest of the application: each thread of the resize worker opens one of it. In the application
 * itself the worker is only named.
 */
@Module({ providers: [ThumbnailPrinter, ...provideWorkers(ResizeWorker)] })
export class ThumbnailsModule {}
