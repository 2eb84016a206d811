import 'reflect-metadata';
import { channel, Worker, WorkerGateway, type WorkerHandler, WorkersModule } from '@nestjs-workers/core';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Answer, Job, Line, Setup } from '../line.js';

/** As any application would: a channel, a worker class, a module, and the gateway that Nest injects. Nothing is switched off. */
export async function open({ handler, concurrency, buffer, isBounded }: Setup): Promise<Line> {
  const Jobs = channel<Job>('jobs', { buffer, bufferType: 'fixed', putMode: isBounded ? 'block' : 'async' });

  @Worker({ in: Jobs, concurrency, expose: true })
  class NoopWorker implements WorkerHandler<Job, Answer> {
    handle(job: Job): Answer | Promise<Answer> {
      return handler(job);
    }
  }

  @Module({ imports: [WorkersModule.forRoot({ channels: [Jobs] })], providers: [NoopWorker] })
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
