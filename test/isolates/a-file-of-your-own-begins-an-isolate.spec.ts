import { expect, it } from 'vitest';
import { HandlerNotExportedError, IsolateStartError, provideWorkers, WorkersError } from '@nestjs-workers/core';
import { isolate } from '@nestjs-workers/core/isolate';
import { addressOf } from '../../libs/workers/src/isolate/address.js';
import { compile, rejection, start } from '../support/application.js';
import { GREETERS, GreetingModule, MoreNames, Names, OtherNames } from './fixtures/greeting.js';

const [ThreadGreeter, ProcessGreeter, ForgottenGreeter] = GREETERS;

it('a file that names its classes begins a thread by spawn, a process by entry; each gets what its module has, exported or not', async () => {
  const { gateway } = await start({ channels: [Names, MoreNames], imports: [GreetingModule] });
  await expect(gateway.request(ThreadGreeter, 'Ada')).resolves.toBe('hello, Ada');
  await expect(gateway.request(ProcessGreeter, 'Ada')).resolves.toBe('hello, Ada');
});

it('a class that such a file does not name is refused at the start, with those it names', async () => {
  const { moduleRef } = await compile({
    channels: [Names, MoreNames, OtherNames],
    providers: provideWorkers(ForgottenGreeter),
  });
  const error = await rejection(moduleRef.init());
  expect(error).toBeInstanceOf(IsolateStartError);
  expect(error).toBeInstanceOf(WorkersError);
  expect(error.message).toContain(
    'ForgottenGreeter is not among the classes that isolate(...) was given: ThreadGreeter, ProcessGreeter. Name it there.',
  );
});

it('isolate(...) is refused where no isolate begins', () => {
  expect(() => isolate(ThreadGreeter)).toThrow('isolate(...) was called where no isolate begins');
});

it('two classes of one name are refused, because an isolate knows them by name', () => {
  const twin = { ThreadGreeter: class ThreadGreeter {} }.ThreadGreeter;
  expect(() => isolate(ThreadGreeter, twin)).toThrow('two classes called ThreadGreeter');
});

it('a class in the file that starts the application is refused: an isolate would start the application again', async () => {
  const [, main] = process.argv;
  const error = await rejection(addressOf(ThreadGreeter, `file://${main}`));
  expect(error).toBeInstanceOf(HandlerNotExportedError);
  expect(error).toMatchObject({ reason: 'it starts the application' });
});
