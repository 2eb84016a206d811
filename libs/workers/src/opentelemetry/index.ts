// Traces and metrics through @opentelemetry/api, an optional peer: the main entry loads nothing of it.

export { WorkersHistograms } from './histograms.js';
export { type OpenTelemetryOptions, WorkersOpenTelemetryModule } from './opentelemetry.module.js';
