import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { onTestFinished } from 'vitest';
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
export async function compile({ imports = [], providers = [], ...options }: Blueprint): Promise<Application> {
  const shutdown = { deadline: '500ms', abortGrace: '100ms', ...options.shutdown } as const;
  const moduleRef = await Test.createTestingModule({
    imports: [WorkersModule.forRoot({ guard: 'off', ...options, shutdown }), ...imports],
    providers,
  })
    .setLogger(SILENT)
    .compile();
  onTestFinished(async () => {
    const closing = moduleRef.close();
    if (options.clock instanceof HeldClock) await options.clock.advance('1h');
    await closing;
  });
  return { moduleRef, gateway: moduleRef.get(WorkerGateway) };
}

/** Starts an application and listens to it from the first moment. */
export async function start(blueprint: Blueprint): Promise<Application & { readonly workers: WorkersTesting }> {
  const { moduleRef, gateway } = await compile(blueprint);
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
