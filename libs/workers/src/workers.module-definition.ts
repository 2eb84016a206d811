import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { WorkersModuleExtras, WorkersModuleOptions } from './workers.options.js';

/** What implements the `useClass` and `useExisting` of `forRootAsync`. */
export interface WorkersOptionsFactory {
  createWorkersOptions(): Promise<WorkersModuleOptions> | WorkersModuleOptions;
}

export const {
  ConfigurableModuleClass,
  /** The injection token of the module's options; tests may override it. */
  MODULE_OPTIONS_TOKEN: WORKERS_MODULE_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<WorkersModuleOptions>({ moduleName: 'Workers' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createWorkersOptions')
  .setExtras<WorkersModuleExtras>({ channels: [], isGlobal: true }, (definition) => definition)
  .build();
