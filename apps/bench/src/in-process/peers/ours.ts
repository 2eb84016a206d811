import 'reflect-metadata';
import { channel, Worker, WorkerGateway, type WorkerHandler, WorkersModule } from '@nestjs-workers/core';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Answer, Job, Line, Setup } from '../line.js';

/** As any application would: a channel, a worker class, a module, and the gateway that Nest injects. Nothing is switched off. */
export function open(setup: Setup): Promise<Line> {
  return openWith([], setup);
}

/** The same with more imported beside. */
export async function openWith(
  imports: readonly DynamicModule[],
  { handler, concurrency, buffer, isBounded }: Setup,
): Promise<Line> {
  const Jobs = channel<Job>('jobs', { buffer, bufferType: 'fixed', putMode: isBounded ? 'block' : 'async' });

  @Worker({ in: Jobs, concurrency, expose: true })
  class NoopWorker implements WorkerHandler<Job, Answer> {
    handle(job: Job): Answer | Promise<Answer> {
      return handler(job);
    }
  }

  @Module({ imports: [WorkersModule.forRoot({ channels: [Jobs] }), ...imports], providers: [NoopWorker] })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const workers = app.get(WorkerGateway);
  return {
    post: (job) => void workers.command(NoopWorker, job),
    put: (job) => workers.command(NoopWorker, job),
    request: (job) => workers.request(NoopWorker, job),
    close: () => app.close(),
  };
}
