import 'reflect-metadata';
import { channel, inThread, Worker, type WorkerHandler } from '@nestjs-workers/core';
import { echo } from '../tasks.js';
import { Tasks } from './ours.module.js';

export const Jobs = channel<unknown>('jobs', { buffer: 1_024 });

/** The module that the isolate keeps warm. */
export const context = () => import('./ours.module.js').then((m) => m.TasksModule);

@Worker({ in: Jobs, expose: true, dispatch: inThread({ context }) })
export class EchoWorker implements WorkerHandler<unknown, unknown> {
  constructor(private readonly tasks: Tasks) {}

  handle(payload: unknown): unknown {
    return this.tasks.echo(payload);
  }
}

@Worker({ in: Jobs, expose: true, dispatch: inThread({ context }) })
export class SpinWorker implements WorkerHandler<unknown, unknown> {
  constructor(private readonly tasks: Tasks) {}

  handle(payload: unknown): unknown {
    return this.tasks.spin(payload);
  }
}

@Worker({ in: Jobs, expose: true, dispatch: inThread({ context }) })
export class MeasureWorker implements WorkerHandler<unknown, unknown> {
  constructor(private readonly tasks: Tasks) {}

  handle(payload: unknown): unknown {
    return this.tasks.measure(payload);
  }
}

/** No module and nothing injected: what is left when a context is taken away. */
@Worker({ in: Jobs, expose: true, dispatch: inThread() })
export class BareEchoWorker implements WorkerHandler<unknown, unknown> {
  handle(payload: unknown): unknown {
    return echo(payload);
  }
}
