import { Module } from '@nestjs/common';
import { BadPictureWorker } from './bad.picture.worker.js';
import { Gallery } from './gallery.js';
import { GalleryController } from './gallery.controller.js';
import { GalleryWorker } from './gallery.worker.js';

@Module({ controllers: [GalleryController], providers: [Gallery, GalleryWorker, BadPictureWorker], exports: [Gallery] })
export class GalleryModule {}
