import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import {
  WorkerGateway,
  WorkersModule,
  type WorkersModuleExtras,
  type WorkersModuleOptions,
} from '@nestjs-workers/core';
import { HeldClock, type WorkersTesting, workersTesting } from '@nestjs-workers/core/testing';

/** The options of `forRoot`, with what the root module has beside it. */
export type Blueprint = WorkersModuleOptions & WorkersModuleExtras & Pick<ModuleMetadata, 'imports' | 'providers'>;

/** An application that lives until its test is over. */
export interface Application {
  readonly moduleRef: TestingModule;
  readonly gateway: WorkerGateway;
}

/**
 * Compiles an application and runs none of its hooks. It logs nothing, stops fast so that a failing test does not linger, and has no
 * guard unless it asks for one: tests that measure time, or share two cores with others, have no use for a second judge.
 */
export async function compile(blueprint: Blueprint): Promise<Application> {
  const { close, ...application } = await assemble(blueprint);
  onTestFinished(close);
  return application;
}

async function assemble({
  imports = [],
  providers = [],
  ...options
}: Blueprint): Promise<Application & { readonly close: () => Promise<void> }> {
  const shutdown = { deadline: '500ms', abortGrace: '100ms', ...options.shutdown } as const;
  const moduleRef = await Test.createTestingModule({
    imports: [WorkersModule.forRoot({ guard: 'off', ...options, shutdown }), ...imports],
    providers,
  })
    .setLogger(SILENT)
    .compile();
  const close = async (): Promise<void> => {
    const closing = moduleRef.close();
    if (options.clock instanceof HeldClock) await options.clock.advance('1h');
    await closing;
  };
  return { moduleRef, gateway: moduleRef.get(WorkerGateway), close };
}

/** An application that runs, and what is seen of it. */
export interface Started extends Application {
  readonly workers: WorkersTesting;
}

/** Starts an application and listens to it from the first moment. */
export async function start(blueprint: Blueprint): Promise<Started> {
  return begin(await compile(blueprint));
}

/** One application for all tests of the `describe` around it, where starting one takes long. It is there when they run. */
export function startedOnce(blueprint: Blueprint): () => Started {
  let started: Started | undefined;
  let close = (): Promise<void> => Promise.resolve();
  beforeAll(async () => {
    const assembled = await assemble(blueprint);
    ({ close } = assembled);
    started = await begin(assembled);
  }, STARTING_MS);
  afterAll(() => close());
  return () => started as Started;
}

/** Threads and processes take their time, and share two cores with other tests. */
const STARTING_MS = 30_000;

async function begin({ moduleRef, gateway }: Application): Promise<Started> {
  const workers = workersTesting(moduleRef);
  await moduleRef.init();
  return { moduleRef, gateway, workers };
}

/** A promise and the way to resolve it. */
export function gate<T = void>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}

/** What `promise` is rejected with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in settled) return settled.error as Error & Record<string, unknown>;
  throw new Error(`Expected a rejection, got ${String(settled.value)}`);
}

/** `0, 1, ... count - 1`. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

const SILENT = { log: () => {}, warn: () => {}, error: () => {}, debug: () => {}, verbose: () => {} };
