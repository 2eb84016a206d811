import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideWorkers, WorkerGateway, WorkersModule } from '@nestjs-workers/core';
import { type WorkersTesting, workersTesting } from '@nestjs-workers/core/testing';
import { OutboxModule, type Store } from '@nestjs-workers/outbox';
import { sqliteStore } from '@nestjs-workers/outbox/sqlite';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { Test } from '@nestjs/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { rejection } from '../support/application.js';
import { FROM_SOURCES } from '../support/sources.js';
import { Away, Here, KeeperAway, KeeperHere, KeeperThere, type Seen, There } from './fixtures/keeping.js';

const PAYLOADS: readonly [name: string, payload: unknown][] = [
  ['plain data', { list: [1, 'two', null, true], nested: { text: 'quotes " and \\ and \u0000 and 😀' } }],
  ['dates and big numbers', { at: new Date('2026-11-21T12:00:00.123Z'), big: 2n ** 70n, odd: [Infinity, -0] }],
  ['collections', { map: new Map([[{ a: 1 }, new Set([1, 2])]]), missing: undefined }],
  ['bytes', { buffer: Buffer.from([0, 255, 10]), view: new Float32Array([1.5, 2]) }],
];

const STORES: readonly [name: string, store: () => { store: Store; end(): void }][] = [
  ['memory', () => ({ store: memoryStore(), end: () => {} })],
  [
    'SQLite',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'keeping-'));
      return {
        store: sqliteStore({ file: join(folder, 'outbox.db') }),
        end: () => rmSync(folder, { recursive: true }),
      };
    },
  ],
];

const WORKERS = [
  ['inline', KeeperHere],
  ['in a thread', KeeperThere],
  ['in a process', KeeperAway],
] as const;

describe.each(STORES)('a durable message from %s', (_store, open) => {
  let gateway: WorkerGateway;
  let workers: WorkersTesting;

  beforeAll(async () => {
    const { store, end } = open();
    const isolates = { execArgv: FROM_SOURCES, startupTimeout: '60s' as const };
    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({ channels: [Here, There, Away], isolates, guard: 'off' }),
        OutboxModule.forRoot({ store }),
      ],
      providers: [...provideWorkers(KeeperHere, KeeperThere, KeeperAway)],
    }).compile();
    workers = workersTesting(moduleRef);
    await moduleRef.init();
    gateway = moduleRef.get(WorkerGateway);
    return async () => {
      await moduleRef.close();
      end();
    };
  }, 90_000);

  describe.each(WORKERS)('handled %s', (_where, worker) => {
    it.each(PAYLOADS)('is what was put: %s', async (_name, payload) => {
      const seen = (await gateway.request(worker as typeof KeeperHere, payload)) as Seen;
      expect(seen.payload).toEqual(payload);
      expect(seen).toMatchObject({ attempt: 1, isRetry: false });
    });

    it('has one key for all attempts, and the time of its commit', async () => {
      const seen = (await gateway.request(worker as typeof KeeperHere, 'fail')) as Seen;
      expect(seen).toMatchObject({ attempt: 3, isRetry: true });
      expect(seen.key).toMatch(new RegExp(`^[0-9a-f-]{36}:\\w+:${seen.effectId}$`));
      expect(Math.abs(seen.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
    });

    it('may send another from there, with what only a durable channel takes', async () => {
      const done = workers.next('workers.completed', { worker: 'KeeperHere' }, '20s');
      const before = gateway.stats().workers['KeeperHere']?.done ?? 0;
      await gateway.request(worker as typeof KeeperHere, 'send on');
      await done;
      await workers.drain('20s');
      expect(gateway.stats().workers['KeeperHere']?.done).toBeGreaterThan(before);
    });
  });

  it('that is no data is refused when it is put, with the path', async () => {
    const error = await rejection(gateway.command(KeeperHere, { deep: { fn: () => {} } }));
    expect([error.name, error.message]).toEqual(['NotPortableError', expect.stringContaining('deep.fn')]);
  });
});
