import { Module } from '@nestjs/common';
import { provideWorkers } from '@nestjs-workers/core';
import { WorkersOpenTelemetryModule } from '@nestjs-workers/core/opentelemetry';
import { ResizeWorker } from './resize.worker.js';
import { ThumbnailPrinter } from './thumbnail.printer.js';

/**
 * All that resizing needs, and nothing of the rest of the application: each thread of the resize worker opens one of it. In the application
 * itself the worker is only named.
 */
@Module({
  // In a thread, what the printer does belongs to the trace of its picture.
  imports: [WorkersOpenTelemetryModule.forRoot()],
  providers: [ThumbnailPrinter, ...provideWorkers(ResizeWorker)],
})
export class ThumbnailsModule {}
