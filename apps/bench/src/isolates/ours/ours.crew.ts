import 'reflect-metadata';
import {
  type Dispatch,
  inProcess,
  inThread,
  provideWorkers,
  type ThreadOptions,
  v8Serializer,
  WorkerGateway,
  WorkersModule,
} from '@nestjs-workers/core';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { handedOver, type OpenCrew, type Setup } from '../crew.js';
import { BareEchoWorker, context, EchoWorker, Jobs, MeasureWorker, SpinWorker } from './ours.handlers.js';

const HANDLERS = { echo: EchoWorker, spin: SpinWorker, measure: MeasureWorker };

/** In threads: a handler with its provider injected there, in a warm context. */
export const inThreads: OpenCrew = (setup) => open(HANDLERS[setup.task], inThread({ context, ...threads(setup) }));

/** In threads, a handler that has no context and needs none. */
export const inBareThreads: OpenCrew = (setup) => open(BareEchoWorker, inThread(threads(setup)));

/** In child processes: the same. */
export const inProcesses: OpenCrew = ({ task, isolates }) =>
  open(HANDLERS[task], inProcess({ context, size: isolates }));

export const inProcessesByV8: OpenCrew = ({ task, isolates }) =>
  open(HANDLERS[task], inProcess({ context, size: isolates, serializer: v8Serializer() }));

function threads({ isolates, isHandingOver }: Setup): ThreadOptions {
  return { size: isolates, ...(isHandingOver ? { transfer: { payload: handedOver } } : {}) };
}

/** As any application would: a channel, a worker class, a module, and the gateway that Nest injects. Nothing is switched off. */
async function open(
  Handler: (typeof HANDLERS)[Setup['task']] | typeof BareEchoWorker,
  dispatch: Dispatch,
): ReturnType<OpenCrew> {
  @Module({
    imports: [WorkersModule.forRoot({ channels: [Jobs], workers: { [Handler.name]: { dispatch } } })],
    providers: [...provideWorkers(Handler)],
  })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const workers = app.get(WorkerGateway);
  return {
    request: (payload) => workers.request(Handler, payload),
    close: () => app.close(),
  };
}
