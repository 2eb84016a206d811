// Metrics for prom-client, an optional peer: the main entry loads nothing of it.

export { WorkersPrometheus } from './workers.prometheus.js';
