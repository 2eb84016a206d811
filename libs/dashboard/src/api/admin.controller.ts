import { Controller, Inject, type Type, UseGuards, UseInterceptors, VERSION_NEUTRAL } from '@nestjs/common';
import { WorkersAdmin } from '../admin/workers.admin.js';
import { AdminApi } from './admin.api.js';
import { resolveMount, resolveRules, type WorkersAdminControllerOptions } from './admin.options.js';
import { ErrorStatus } from './error.status.js';
import { Farewell } from './farewell.js';
import { Watchers } from './watchers.js';

/**
 * Makes a controller with the admin API (see `AdminApi` for what it answers), to be listed among a module's `controllers`, with
 * `WorkersAdmin` among its providers. `DashboardModule` mounts the same API with a page on top.
 *
 * @throws ConfigurationError
 */
export function createWorkersAdminController(options: WorkersAdminControllerOptions): Type {
  const { path: _path, guards: _guards, ...given } = options;
  const { path, guards } = resolveMount('admin', options);
  const rules = resolveRules('admin', given);
  const watchers = new Watchers();

  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  @UseInterceptors(ErrorStatus, Farewell)
  class WorkersAdminController extends AdminApi {
    constructor(@Inject(WorkersAdmin) admin: WorkersAdmin) {
      super(admin, rules, watchers);
    }
  }
  return WorkersAdminController;
}
