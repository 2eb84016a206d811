import { Module } from '@nestjs/common';
import { GalleryModule } from '../gallery/gallery.module.js';
import { Peaks } from './peaks.js';
import { Progress } from './progress.js';
import { Summary } from './summary.js';
import { Terminal } from './terminal.js';

@Module({
  imports: [GalleryModule],
  providers: [Peaks, Progress, Summary, Terminal],
  exports: [Progress, Summary, Terminal],
})
export class TerminalModule {}
