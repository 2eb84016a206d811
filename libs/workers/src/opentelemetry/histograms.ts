import type { HrTime } from '@opentelemetry/api';
import { BOUNDS_MS, type Distribution } from '../observe/histogram.js';
import type { WorkersApplication } from '../workers.application.js';
import { attributesOf } from './metrics.js';

const HISTOGRAM = 0;
const CUMULATIVE = 1;
const DOUBLE = 1;

/**
 * How long messages waited and how long handlers ran, as two histograms. Give it to a reader of the SDK:
 * `new PeriodicExportingMetricReader({ exporter, metricProducers: [app.get(WorkersHistograms)] })`.
 *
 * The API has no histogram that is read when metrics are collected, and recording each message in one takes longer than the message
 * does. So this has the shape of the SDK's `MetricProducer` and hands over the counts that the statistics have anyway.
 */
export class WorkersHistograms {
  private readonly startTime: HrTime = now();

  constructor(private readonly application: Pick<WorkersApplication, 'distributions'>) {}

  collect() {
    const endTime = now();
    const all = Object.entries(this.application.distributions());
    const metric = (name: string, description: string, which: 'waitMs' | 'runMs') => ({
      descriptor: { name, description, unit: 's', valueType: DOUBLE, advice: {} },
      aggregationTemporality: CUMULATIVE as 1,
      dataPointType: HISTOGRAM as 0,
      dataPoints: all.map(([worker, distributions]) => ({
        startTime: this.startTime,
        endTime,
        attributes: attributesOf({ worker }),
        value: valueOf(distributions[which]),
      })),
    });
    const metrics = [
      metric('messaging.process.duration', 'From the handler’s start to its outcome', 'runMs'),
      metric('nestjs_workers.wait.duration', 'From the put to the handler’s start', 'waitMs'),
    ];
    const scopeMetrics = [{ scope: { name: '@nestjs-workers/core' }, metrics }];
    return Promise.resolve({ resourceMetrics: { resource: NO_RESOURCE, scopeMetrics }, errors: [] as unknown[] });
  }
}

/** The reader puts its own in its place. */
const NO_RESOURCE = { attributes: {}, merge: () => NO_RESOURCE, getRawAttributes: () => [] } as never;

function valueOf({ count, sumMs, buckets }: Distribution) {
  const boundaries = BOUNDS_MS.map((ms) => ms / 1_000);
  return { buckets: { boundaries, counts: [...buckets] }, sum: sumMs / 1_000, count };
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
}
