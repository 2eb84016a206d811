import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Client } from 'pg';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { until } from '@nestjs-workers/core/testing';
import type { Store } from '@nestjs-workers/outbox';
import { OutputFolder } from '../../apps/demo/src/output/output.folder.js';
import { parcelFor } from '../../apps/demo/src/orders/parcels.js';
import { idFrom, originOfFile } from '../../apps/demo/src/pictures/origin.js';
import { storeIn } from '../../apps/demo/src/store/store.in.js';
import { setup as buildWhatIsOutOfDate } from '../support/built.js';
import { Demo, picture, RUN_LIMIT_MS } from '../support/demo.js';
import { type PostgresServer, startPostgres } from '../support/postgres.server.js';

let scratch: string;
let postgres: PostgresServer;

beforeAll(async () => {
  buildWhatIsOutOfDate();
  scratch = await mkdtemp(join(tmpdir(), 'demo-killed-spec-'));
  postgres = await startPostgres({ fsync: 'off' });
}, 300_000);

afterEach(() => Demo.killAll());

afterAll(async () => {
  await postgres?.stop();
  await rm(scratch, { recursive: true, force: true });
});

describe('the demo that is started again with the same --out', () => {
  it.each([
    ['SQLite', () => undefined],
    ['PostgreSQL', () => postgres.url],
  ])(
    'finishes what it was killed in the middle of, and does nothing twice, on %s',
    async (kind, databaseUrl) => {
      const out = join(scratch, `killed-${kind}`);
      const env = { DATABASE_URL: databaseUrl() };
      const pictures = await folderOf(`for-${kind}`, 24);
      // Whoever opens a pipe for writing waits for a reader: so the sixth thumbnail is moved to its place and never recorded, and those behind
      // it lie in the store.
      const sixth = await idOf(join(pictures, 'picture-05.jpg'));
      const held = join(out, 'shelf', `${sixth}.json.part`);
      await mkdir(join(out, 'shelf'), { recursive: true });
      execFileSync('mkfifo', [held]);
      // Nor is the first order shipped before the kill.
      const slip = join(out, 'parcels', `${parcelFor('order-1')}.json`);
      await mkdir(join(out, 'parcels'), { recursive: true });
      execFileSync('mkfifo', [`${slip}.part`]);

      const killed = new Demo([pictures, '--out', out], env);
      await until(() => existsSync(join(out, 'thumbnails', `${sixth}.jpg`)), RUN_LIMIT_MS);
      const store = await opened(out, databaseUrl());
      await until(async () => (await inStore(store)).ready >= 2, RUN_LIMIT_MS);
      await killed.kill();
      await untilNobodyWrites(databaseUrl());
      await rm(held);
      await rm(`${slip}.part`);
      expect(killed.said).not.toContain('order-1');
      const stored = await records(out);
      const { ready, claimed } = await inStore(store);
      // The sixth; and what its worker had claimed in advance.
      expect(claimed).toBeGreaterThan(0);

      const again = new Demo([pictures, '--out', out], env);
      expect(await again.exitCode(RUN_LIMIT_MS)).toBe(0);
      expect(again.said).toMatch(/24 pictures in [\d.]+ s: 24 thumbnails, 0 bad/);
      expect(again.said).toContain(
        `Run before      thumbnails stored then: ${stored.size}; left in the store, and stored now: ${ready + claimed}`,
      );
      expect(doneBy('ResizeWorker', again)).toBe(24 - stored.size - ready - claimed);
      expect(doneBy('GalleryWorker', again)).toBe(24 - stored.size);
      expect(again.said).toContain('24 pictures)');
      expect(again.said).toContain('order-1 (12 prints): shipped after 2 declined charges');
      expect(again.said).toMatch(/order-2 \(3 prints\): cancelled by its timer/);
      expect(await readdir(join(out, 'parcels'))).toEqual([basename(slip)]);

      const all = await records(out);
      expect(all.size).toBe(24);
      for (const [file, writtenAt] of stored) expect(all.get(file)).toBe(writtenAt);
      expect(await readdir(join(out, 'thumbnails'))).toHaveLength(24);
      expect(await readdir(join(out, 'prints'))).toEqual([]);
      expect(await inStore(store)).toEqual({ ready: 0, claimed: 0 });
    },
    3 * RUN_LIMIT_MS,
  );

  it(
    'takes other pictures, and those that were changed, for what they are',
    async () => {
      const out = join(scratch, 'finished');
      const [three, two] = [await folderOf('three', 3), await folderOf('two', 2)];
      const run = async (...args: string[]): Promise<Demo> => {
        const demo = new Demo([...args, '--out', out]);
        expect(await demo.exitCode(RUN_LIMIT_MS)).toBe(0);
        return demo;
      };
      await run(three);

      const others = await run(two);
      expect(others.said).toMatch(/2 pictures in [\d.]+ s: 2 thumbnails, 0 bad/);
      expect(others.said).not.toContain('Run before');
      expect(doneBy('ResizeWorker', others)).toBe(2);
      expect(others.said).toContain('2 pictures)');

      const small = await sharp(await picture())
        .resize(300)
        .jpeg()
        .toBuffer();
      await writeFile(join(three, 'picture-01.jpg'), small);
      const changed = await run(three);
      expect(changed.said).toMatch(/3 pictures in [\d.]+ s: 3 thumbnails, 0 bad/);
      expect(changed.said).toContain('Run before      thumbnails stored then: 2; left in the store, and stored now: 0');
      expect(doneBy('ResizeWorker', changed)).toBe(1);
      expect(await readdir(join(out, 'thumbnails'))).toHaveLength(6);
    },
    4 * RUN_LIMIT_MS,
  );
});

async function folderOf(name: string, count: number): Promise<string> {
  const folder = join(scratch, 'pictures', name);
  await mkdir(folder, { recursive: true });
  const jpeg = await picture();
  for (let nth = 0; nth < count; nth++) {
    await writeFile(join(folder, `picture-${String(nth).padStart(2, '0')}.jpg`), jpeg);
  }
  return folder;
}

async function idOf(path: string): Promise<string> {
  return idFrom(await originOfFile(path), 1);
}

/** The shelf's records, and when each was written. */
async function records(out: string): Promise<Map<string, number>> {
  const files = (await readdir(join(out, 'shelf'))).filter((file) => file.endsWith('.json'));
  const dates = files.map(async (file) => [file, (await stat(join(out, 'shelf', file))).mtimeMs] as const);
  return new Map(await Promise.all(dates));
}

/** The demo's store, as another process sees it. */
async function opened(out: string, databaseUrl: string | undefined): Promise<Store> {
  const store = await storeIn(await OutputFolder.open(out), databaseUrl);
  onTestFinished(() => store.close());
  await store.open({ migrate: false });
  return store;
}

/** The server is through with what the one that was killed had sent it; in a file nobody writes without a process. */
async function untilNobodyWrites(databaseUrl: string | undefined): Promise<void> {
  if (databaseUrl === undefined) return;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const busy = `select pid from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'`;
  await until(async () => (await client.query(busy)).rows.length === 0, '30s');
  await client.end();
}

/** How many thumbnails wait in the store, and how many of it somebody has claimed. */
async function inStore(store: Store): Promise<{ readonly ready: number; readonly claimed: number }> {
  const { ready = 0, claimed = 0 } = (await store.stats())['thumbnails'] ?? {};
  return { ready, claimed };
}

/** The first figure of a worker's line in the summary; a worker that had nothing to do has no line. */
function doneBy(worker: string, { said }: Demo): number {
  return Number(new RegExp(String.raw`^ +${worker} +(\d+)`, 'm').exec(said)?.[1] ?? 0);
}
