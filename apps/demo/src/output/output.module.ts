import { type DynamicModule, Module } from '@nestjs/common';
import { OutputFolder } from './output.folder.js';

/** Lets every room inject the run's folder. */
@Module({})
export class OutputModule {
  static at(folder: OutputFolder): DynamicModule {
    return {
      module: OutputModule,
      global: true,
      providers: [{ provide: OutputFolder, useValue: folder }],
      exports: [OutputFolder],
    };
  }
}
