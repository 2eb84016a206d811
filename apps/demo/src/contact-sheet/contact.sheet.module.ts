import { Module } from '@nestjs/common';
import { provideWorkers } from '@nestjs-workers/core';
import { GalleryModule } from '../gallery/gallery.module.js';
import { ContactSheetController } from './contact.sheet.controller.js';
import { ContactSheet } from './contact.sheet.js';
import { SheetWorker } from './sheet.worker.js';

@Module({
  imports: [GalleryModule],
  controllers: [ContactSheetController],
  providers: [ContactSheet, ...provideWorkers(SheetWorker)],
  exports: [ContactSheet],
})
export class ContactSheetModule {}
