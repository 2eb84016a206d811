import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Worker, WorkerGateway, WorkersModule } from '@nestjs-workers/core';
import { durable, Outbox, OutboxModule, type Store } from '@nestjs-workers/outbox';
import { freshDatabase, freshFile } from '../database.js';
import type { Job, Queue, Tuning } from '../queue.js';

/** The one documented setting for throughput. */
const PREFETCH = 500;

/** What only we are asked for: a job that is put within a transaction of the user's. */
export interface OurQueue extends Queue {
  addWithin(transaction: object, job: Job): Promise<unknown>;
}

export async function onPostgres(tuning: Tuning): Promise<Queue> {
  const { postgresStore } = await import('@nestjs-workers/outbox/postgres');
  return open(postgresStore({ connectionString: await freshDatabase() }), tuning);
}

export async function onSqlite(tuning: Tuning): Promise<Queue> {
  const { sqliteStore } = await import('@nestjs-workers/outbox/sqlite');
  return open(sqliteStore({ file: freshFile() }), tuning);
}

export async function open(store: Store, tuning: Tuning): Promise<OurQueue> {
  await store.open({ migrate: true });
  const Jobs = durable<Job>('jobs', tuning === 'tuned' ? { prefetch: PREFETCH } : {});
  let handle: (job: Job) => void | Promise<void> = () => {};

  class Handler {
    handle(job: Job): void | Promise<void> {
      return handle(job);
    }
  }

  const boot = async (concurrency: number, autoStart: boolean) => {
    @Module({
      imports: [WorkersModule.forRoot({ channels: [Jobs], autoStart }), OutboxModule.forRoot({ store, migrate: true })],
      providers: [Handler],
    })
    class BenchModule {}
    Worker({ in: Jobs, expose: true, concurrency })(Handler);
    return NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
  };

  // One that only sends: the workers are started when they are asked for.
  const app = await boot(16, false);
  const gateway = app.get(WorkerGateway);
  return {
    add: (job) => gateway.command(Handler, job),
    addAll: (all) => Promise.all(all.map((job) => gateway.command(Handler, job))),
    addWithin: (transaction, job) => app.get(Outbox).add(transaction, Jobs, job),
    work: async (asked) => {
      handle = asked;
      await gateway.start();
    },
    left: async () => {
      const { ready = 0, delayed = 0, claimed = 0 } = (await store.stats())['jobs'] ?? {};
      return ready + delayed + claimed;
    },
    close: () => app.close(),
  };
}
