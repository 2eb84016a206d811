// The shop window, room by room.

export { type AdminOptions, type DeadLetterSelection, WorkersAdmin } from './admin/workers.admin.js';
export { OutboxAbsentError, WorkflowsAbsentError } from './admin/admin.errors.js';
export type { Shown, ShownLetter } from './admin/shown.js';
export type { HostFacts, Snapshot } from './admin/snapshot.js';
export type { Topology, TopologyChannel, TopologyEdge, TopologyTicker, TopologyWorker } from './admin/topology.js';

export { createWorkersAdminController } from './api/admin.controller.js';
export type { AdminMount, AdminRules, WorkersAdminControllerOptions } from './api/admin.options.js';

export {
  DASHBOARD_MODULE_OPTIONS,
  DashboardModule,
  type DashboardModuleExtras,
  type DashboardModuleOptions,
  type DashboardOptionsFactory,
} from './dashboard.module.js';
