// The shop window, room by room.

export { WorkersAdmin, type AdminOptions } from './admin/workers.admin.js';
export { type DeadLetterSelection, OutboxAbsentError } from './admin/letters.js';
export type { Shown } from './admin/shown.js';
export type { HostFacts, Snapshot } from './admin/snapshot.js';
export type { Topology, TopologyChannel, TopologyEdge, TopologyTicker, TopologyWorker } from './admin/topology.js';

export { createWorkersAdminController, type WorkersAdminControllerOptions } from './api/admin.controller.js';
