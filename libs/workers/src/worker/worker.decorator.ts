import 'reflect-metadata';
import { Injectable, type InjectableOptions } from '@nestjs/common';
import { calledFrom } from './call.site.js';
import { runsElsewhere } from './isolated.handler.js';
import type { WorkerContext } from './worker.context.js';
import type { WorkerOptions } from './worker.options.js';
import { WORKER_METADATA, type WorkerRecord } from './worker.js';

/** A class whose instances handle `I` and return something that fits `O`. */
type HandlerClass<I, O> = new (...args: never[]) => { handle(payload: I, context: WorkerContext): O | Promise<O> };

/** What fits an output: the output's payload, or nothing. */
type Output<O> = unknown extends O ? unknown : O | null | undefined | void;

/**
 * Makes a class a worker. Writes a record on the class and does nothing else; the class becomes injectable.
 *
 * @param options see `WorkerOptions`; checked when the application starts
 * @param injectable Nest's own options, for a request-scoped handler: `{ scope: Scope.REQUEST }`
 * @example
 * @Worker({ in: Uploads, out: Thumbnails, expose: true })
 * export class ResizeWorker implements WorkerHandler<Upload, Thumbnail> { ... }
 */
export function Worker<I = unknown, O = unknown>(options: WorkerOptions<I, O>, injectable?: InjectableOptions) {
  return workerBy(Worker, options, injectable) as <C extends HandlerClass<I, Output<O>>>(target: C) => void;
}

/**
 * What `@Worker` does, for a decorator of another package that makes workers too.
 *
 * @param decorator what the user wrote on the class; the file it was called from is where isolates find the class
 * @param remedy what to do where the channels it works on are not declared; by default to declare them
 */
export function workerBy(
  decorator: (...args: never[]) => unknown,
  options: object,
  injectable?: InjectableOptions,
  remedy?: string,
): (target: object) => void {
  const file = runsElsewhere(options) ? calledFrom(decorator) : undefined;
  return (target) => {
    const record: WorkerRecord = { options: Object.freeze({ ...options }), file, remedy };
    Reflect.defineMetadata(WORKER_METADATA, record, target);
    Injectable(injectable)(target as never);
  };
}
