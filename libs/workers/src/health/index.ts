// Health indicators for @nestjs/terminus, an optional peer: the main entry loads nothing of it.

export { type Judgement, type LivenessOptions, type ReadinessOptions, type Severity } from './judgement.js';
export { WorkersHealthIndicator } from './workers.health.js';
