import { beforeAll, describe, expect, it } from 'vitest';
import { provideWorkers, WorkerGateway, WorkersModule } from '@nestjs-workers/core';
import { Test } from '@nestjs/testing';
import { rejection } from '../support/application.js';
import { FROM_SOURCES } from '../support/sources.js';
import { InProcess, InThread, PreparedProcess, PreparedThread } from './fixtures/prepared.js';
import { errors, serializer } from './fixtures/setup.js';
import { TaxError } from './fixtures/tax.error.js';

describe.each([
  ['a thread', PreparedThread],
  ['a process', PreparedProcess],
])('in %s', (_where, worker) => {
  let gateway: WorkerGateway;

  beforeAll(async () => {
    const setup = new URL('./fixtures/setup.ts', import.meta.url).href;
    const isolates = { setup, serializer, errors, execArgv: FROM_SOURCES, startupTimeout: '60s' } as const;
    const moduleRef = await Test.createTestingModule({
      imports: [WorkersModule.forRoot({ channels: [InThread, InProcess], isolates })],
      providers: [...provideWorkers(worker)],
    }).compile();
    await moduleRef.init();
    gateway = moduleRef.get(WorkerGateway);
    return () => moduleRef.close();
  }, 90_000);

  it('the file that the module names is imported before the handler’s own', async () => {
    expect(await gateway.request(worker, 'prepared?')).toBe(true);
  });

  it('the errors it exports cross as themselves', async () => {
    const { cause } = await rejection(gateway.request(worker, 'tax'));
    expect(cause).toBeInstanceOf(TaxError);
  });
});
