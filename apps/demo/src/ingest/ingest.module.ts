import { Module } from '@nestjs/common';
import { MulterModule } from '@nestjs/platform-express';
import { GalleryModule } from '../gallery/gallery.module.js';
import { OutputFolder } from '../output/output.folder.js';
import { IngestWorker } from './ingest.worker.js';
import { Intake } from './intake.js';
import { PictureFolder } from './picture.folder.js';
import { UploadController } from './upload.controller.js';
import { uploadsInto } from './upload.limits.js';

@Module({
  imports: [GalleryModule, MulterModule.registerAsync({ inject: [OutputFolder], useFactory: uploadsInto })],
  controllers: [UploadController],
  providers: [Intake, IngestWorker, PictureFolder],
  exports: [PictureFolder],
})
export class IngestModule {}
