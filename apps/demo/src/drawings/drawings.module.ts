import { Module } from '@nestjs/common';
import { GalleryModule } from '../gallery/gallery.module.js';
import { DrawWorker } from './draw.worker.js';
import { DrawingsController } from './drawings.controller.js';
import { Easel } from './easel.js';

@Module({
  imports: [GalleryModule],
  controllers: [DrawingsController],
  providers: [Easel, DrawWorker],
  exports: [Easel],
})
export class DrawingsModule {}
