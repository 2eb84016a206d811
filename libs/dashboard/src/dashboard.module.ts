import {
  ConfigurableModuleBuilder,
  Controller,
  type DynamicModule,
  Inject,
  Module,
  type ModuleMetadata,
  type Type,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { isIsolate } from '@nestjs-workers/core/extension';
import { WorkersAdmin } from './admin/workers.admin.js';
import { AdminApi } from './api/admin.api.js';
import { type AdminMount, type AdminRules, resolveMount, resolveRules } from './api/admin.options.js';
import { ErrorStatus } from './api/error.status.js';
import { Farewell } from './api/farewell.js';
import { Watchers } from './api/watchers.js';
import { PageApi } from './page/page.api.js';
import { PageFiles } from './page/page.files.js';

/** What `DashboardModule.forRoot` and the factory of `forRootAsync` take. */
export type DashboardModuleOptions = AdminRules;

/** What `forRoot` takes beside the options; `forRootAsync` takes it beside the factory. */
export interface DashboardModuleExtras extends AdminMount {
  /** The modules that the guards need something of. @default none */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DashboardModuleOptions>({ moduleName: 'Dashboard' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createDashboardOptions')
    .build();

/** The injection token of the module's options. */
export const DASHBOARD_MODULE_OPTIONS = MODULE_OPTIONS_TOKEN;

/** For `forRootAsync({ useClass })`. */
export interface DashboardOptionsFactory {
  createDashboardOptions(): DashboardModuleOptions | Promise<DashboardModuleOptions>;
}

/**
 * Mounts a page that shows the application's workers and, with `write`, acts on them, together with the admin API that it lives from.
 * Imported beside `WorkersModule.forRoot()`, on Express or Fastify.
 *
 * Promises: page, files and API are behind the same guards; the page loads nothing from anywhere else and runs no script but its own;
 * looking costs the messages nothing. It shows no payload without `redact`.
 * When the workers stop the page says so; when the application stops it says that it is gone, and looks for it again.
 */
@Module({})
export class DashboardModule {
  /**
   * @param options see `DashboardModuleOptions`; `path`, `guards` and the modules that they need stand beside them
   * @throws ConfigurationError
   */
  static forRoot({ path, guards, imports, ...options }: DashboardModuleOptions & DashboardModuleExtras): DynamicModule {
    const mount = { guards, ...(path === undefined ? {} : { path }) };
    return furnished(ConfigurableModuleClass.forRoot(options), mount, imports);
  }

  /** The same with options from a factory. `path` and `guards` stand beside the factory. */
  static forRootAsync({ path, guards, ...options }: typeof ASYNC_OPTIONS_TYPE & DashboardModuleExtras): DynamicModule {
    const mount = { guards, ...(path === undefined ? {} : { path }) };
    return furnished(ConfigurableModuleClass.forRootAsync(options), mount, options.imports);
  }
}

/** What it is inside a thread or process: nothing; the host shows what happens there. */
@Module({})
class DashboardAtRestModule {}

function furnished(
  definition: DynamicModule,
  given: AdminMount,
  imports: NonNullable<ModuleMetadata['imports']> = [],
): DynamicModule {
  if (isIsolate()) return { module: DashboardAtRestModule };
  return {
    ...definition,
    module: DashboardModule,
    imports,
    controllers: controllersAt(resolveMount('dashboard', given)),
    providers: [...(definition.providers ?? []), WorkersAdmin, PageFiles],
    exports: [WorkersAdmin],
  };
}

function controllersAt({ path, guards }: Required<AdminMount>): Type[] {
  const watchers = new Watchers();

  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  @UseInterceptors(ErrorStatus, Farewell)
  class DashboardApi extends AdminApi {
    constructor(
      @Inject(WorkersAdmin) admin: WorkersAdmin,
      @Inject(DASHBOARD_MODULE_OPTIONS) options: DashboardModuleOptions,
    ) {
      super(admin, resolveRules('dashboard', options), watchers);
    }
  }

  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  class DashboardPage extends PageApi {
    constructor(@Inject(PageFiles) files: PageFiles) {
      super(files, path);
    }
  }
  return [DashboardApi, DashboardPage];
}
