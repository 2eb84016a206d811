import { Inject, Injectable } from '@nestjs/common';
import { type Metric, Registry } from 'prom-client';
import { type Figure, figuresOf } from '../observe/figures.js';
import { BOUNDS_MS, type Distribution } from '../observe/histogram.js';
import { type Distributions, WorkersApplication } from '../workers.application.js';

/** One line of a metric, as prom-client writes it. */
interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

const DURATIONS = {
  runMs: ['nestjs_workers_run_duration_seconds', 'From the handler’s start to its outcome'],
  waitMs: ['nestjs_workers_wait_duration_seconds', 'From the put to the handler’s start'],
} as const;

/**
 * The statistics as text for Prometheus. Provide it, and serve `text()`; or have `register` add the same to a registry that you serve
 * already. Everything is read when it is asked for, and costs a message nothing.
 */
@Injectable()
export class WorkersPrometheus {
  private readonly registry = new Registry();
  private reading: ReadonlyMap<string, Figure> | undefined;

  constructor(@Inject(WorkersApplication) private readonly application: WorkersApplication) {}

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything in the text format. */
  text(): Promise<string> {
    if (this.registry.getMetricsAsArray().length === 0) this.register(this.registry);
    return this.registry.metrics();
  }

  /** Adds all metrics to `registry`. @throws Error when it has one of the names already */
  register(registry: Registry): void {
    for (const name of this.figures().keys()) add(registry, () => asMetric(this.figures().get(name) as Figure));
    for (const which of ['runMs', 'waitMs'] as const)
      add(registry, () => asHistogram(which, this.application.distributions()));
  }

  /** A registry asks all its metrics in one turn: they are of one reading. */
  private figures(): ReadonlyMap<string, Figure> {
    if (this.reading === undefined) {
      this.reading = new Map(figuresOf(this.application.stats()).map((figure) => [figure.name, figure]));
      queueMicrotask(() => (this.reading = undefined));
    }
    return this.reading;
  }
}

/** prom-client asks a metric for no more than its name, and what it is now. */
function add(registry: Registry, look: () => { readonly name: string }): void {
  const { name } = look();
  registry.registerMetric({ name, get: () => Promise.resolve(look()), reset: () => {} } as unknown as Metric);
}

function asMetric({ name: dotted, help, unit, type, points }: Figure) {
  const seconds = unit === 's' ? '_seconds' : '';
  const name = `${dotted.replaceAll('.', '_')}${seconds}${type === 'counter' ? '_total' : ''}`;
  const values = points.map(({ labels, value }): Line => ({ metricName: name, labels, value }));
  return { name, help, type, values, aggregator: 'sum' };
}

function asHistogram(which: 'runMs' | 'waitMs', distributions: Readonly<Record<string, Distributions>>) {
  const [name, help] = DURATIONS[which];
  const values = Object.entries(distributions).flatMap(([worker, one]) => linesOf(name, worker, one[which]));
  return { name, help, type: 'histogram', values, aggregator: 'sum' };
}

function linesOf(name: string, worker: string, { count, sumMs, buckets }: Distribution): Line[] {
  let below = 0;
  const lines = BOUNDS_MS.map((ms, at): Line => {
    below += buckets[at] as number;
    return { metricName: `${name}_bucket`, labels: { worker, le: ms / 1_000 }, value: below };
  });
  return [
    ...lines,
    { metricName: `${name}_bucket`, labels: { worker, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: { worker }, value: sumMs / 1_000 },
    { metricName: `${name}_count`, labels: { worker }, value: count },
  ];
}
