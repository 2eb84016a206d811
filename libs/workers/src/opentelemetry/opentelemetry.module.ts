import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api';
import { isIsolate } from '../isolate/role.js';
import type { Follower } from '../observe/follower.js';
import { WorkersEvents } from '../observe/workers.events.js';
import { WorkersApplication } from '../workers.application.js';
import { CarryingOn } from './carrying.on.js';
import { WorkersHistograms } from './histograms.js';
import { observeFigures } from './metrics.js';
import { Roots } from './roots.js';
import { Tracing } from './tracing.js';

/** What `WorkersOpenTelemetryModule.forRoot` takes. */
export interface OpenTelemetryOptions {
  /** Whether messages carry their trace and have spans. @default true */
  readonly traces?: boolean;
  /** Whether the statistics are observed. @default true */
  readonly metrics?: boolean;
  /**
   * The share of messages put outside of any trace that begin one, from 0 to 1, decided before the sampler is asked: asking costs more than
   * the message. @default 1
   */
  readonly roots?: number;
  /** @default the global one */
  readonly tracerProvider?: TracerProvider;
  /** @default the global one */
  readonly meterProvider?: MeterProvider;
}

const OPTIONS = Symbol('nestjs-workers:opentelemetry');
const SCOPE = '@nestjs-workers/core';

/** Whose statistics are observed: the module may stand in a context module too, which the application imports. */
const observed = new WeakSet<WorkersApplication>();

/** Follows the messages of the application from its start to its end. */
@Injectable()
class OpenTelemetryHooks implements OnModuleInit, OnApplicationShutdown {
  private follower: Follower | undefined;
  private stopObserving: (() => void) | undefined;

  constructor(
    @Inject(OPTIONS) private readonly options: OpenTelemetryOptions,
    @Inject(WorkersEvents) private readonly events: WorkersEvents,
    @Optional() @Inject(WorkersApplication) private readonly application: WorkersApplication | undefined,
  ) {}

  onModuleInit(): void {
    const { announcer } = this.events;
    const { traces = true, metrics: observes = true, meterProvider = metrics.getMeterProvider() } = this.options;
    // In the context of a handler that is kept in the application's process somebody follows already.
    if (traces && announcer.follower === undefined) announcer.follower = this.follower = this.newFollower();
    const { application } = this;
    if (!observes || application === undefined || observed.has(application)) return;
    observed.add(application);
    this.stopObserving = observeFigures(meterProvider.getMeter(SCOPE), () => application.stats());
  }

  onApplicationShutdown(): void {
    const { announcer } = this.events;
    if (announcer.follower === this.follower) announcer.follower = undefined;
    this.stopObserving?.();
  }

  private newFollower(): Follower {
    const { application } = this;
    if (application === undefined || isIsolate()) return new CarryingOn();
    const { roots = 1, tracerProvider = trace.getTracerProvider() } = this.options;
    return new Tracing(tracerProvider.getTracer(SCOPE), new Roots(roots), application.options.clock);
  }
}

/**
 * Traces messages and shows metrics, through the API alone: what is done with them is the affair of the SDK that the application has
 * registered. Imported beside `WorkersModule`; and in the context module of an isolate, so that its handler's spans belong to the trace.
 */
@Module({})
export class WorkersOpenTelemetryModule {
  static forRoot(options: OpenTelemetryOptions = {}): DynamicModule {
    const histograms = {
      provide: WorkersHistograms,
      useFactory: (application: WorkersApplication | undefined) =>
        new WorkersHistograms(application ?? { distributions: () => ({}) }),
      inject: [{ token: WorkersApplication, optional: true }],
    };
    return {
      module: WorkersOpenTelemetryModule,
      providers: [{ provide: OPTIONS, useValue: options }, OpenTelemetryHooks, histograms],
      exports: [WorkersHistograms],
    };
  }
}
