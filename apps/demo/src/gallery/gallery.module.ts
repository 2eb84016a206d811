import { Module } from '@nestjs/common';
import { ShelfModule } from '../shelf/shelf.module.js';
import { BadPictureWorker } from './bad.picture.worker.js';
import { Gallery } from './gallery.js';
import { GalleryController } from './gallery.controller.js';
import { GalleryWorker } from './gallery.worker.js';
import { UnstoredThumbnails } from './unstored.thumbnails.js';

@Module({
  imports: [ShelfModule],
  controllers: [GalleryController],
  providers: [Gallery, GalleryWorker, BadPictureWorker, UnstoredThumbnails],
  exports: [Gallery],
})
export class GalleryModule {}
