import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkersStats } from '@nestjs-workers/core';
import { setup as buildWhatIsOutOfDate } from '../support/built.js';
import { Demo, picture, RUN_LIMIT_MS } from '../support/demo.js';

const STOP_LIMIT_MS = 15_000;

let scratch: string;

beforeAll(async () => {
  buildWhatIsOutOfDate();
  scratch = await mkdtemp(join(tmpdir(), 'demo-spec-'));
}, 300_000);

afterEach(() => Demo.killAll());

afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('the demo without a terminal', () => {
  it(
    'draws a dozen pictures, names the damaged one, writes the contact sheet, sums up and exits with 0',
    async () => {
      const out = join(scratch, 'drawn');
      const demo = new Demo(['--out', out]);
      expect(await demo.exitCode(RUN_LIMIT_MS)).toBe(0);

      expect(demo.said).toMatch(/bad torn-13\.jpg: it cannot be read to its end .*\(ResizeWorker\)/);
      expect(demo.said).toMatch(/13 pictures in [\d.]+ s: 12 thumbnails, 1 bad/);
      expect(demo.said).toMatch(/ResizeWorker +12 +1 +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms/);
      expect(demo.said).toMatch(/originals +13 +0 +\d+ +16/);
      expect(demo.said).toMatch(/thumbnails +12 +0 +- +durable/);
      expect(demo.said).not.toContain('Run before');
      expect(demo.said).toMatch(/Orders +order-1 \(12 prints\): shipped after 2 declined charges/);
      expect(demo.said).toMatch(/order-2 \(3 prints\): cancelled by its timer after [1-3] declined charges?/);
      expect(demo.said).toContain(join(out, 'contact-sheet.jpg'));
      const sheet = await sharp(join(out, 'contact-sheet.jpg')).metadata();
      expect(sheet).toMatchObject({ format: 'jpeg', width: 1_020, height: 732 });
    },
    RUN_LIMIT_MS,
  );

  it(
    'reads a folder and those below, reports every bad picture by its name, and loses no other',
    async () => {
      const pictures = join(scratch, 'pictures');
      await mkdir(join(pictures, 'below'), { recursive: true });
      const good = await picture();
      for (let nth = 0; nth < 40; nth++) await writeFile(join(pictures, 'below', `good-${nth}.jpg`), good);
      await writeFile(join(pictures, 'text.jpg'), 'This is no picture.');
      await writeFile(join(pictures, 'empty.png'), '');
      await writeFile(join(pictures, 'half.jpg'), good.subarray(0, good.length / 2));
      await writeFile(join(pictures, 'notes.txt'), 'Nobody asked for this.');

      const out = join(scratch, 'read');
      const demo = new Demo([pictures, '--out', out]);
      expect(await demo.exitCode(RUN_LIMIT_MS)).toBe(0);

      expect(demo.said).toContain('bad text.jpg: it is called a picture, but it is none (IngestWorker)');
      expect(demo.said).toContain('bad empty.png: the file is empty (the gateway)');
      expect(demo.said).toMatch(/bad half\.jpg: it cannot be read to its end/);
      expect(demo.said).not.toContain('notes.txt');
      expect(demo.said).toMatch(/43 pictures in [\d.]+ s: 40 thumbnails, 3 bad/);
      expect(demo.said).toMatch(/thumbnails +40 +0 /);
      expect(await sharp(join(out, 'contact-sheet.jpg')).metadata()).toMatchObject({ format: 'jpeg', width: 1_776 });
    },
    RUN_LIMIT_MS,
  );

  it('says what is wrong with the command line and exits with 2', async () => {
    const demo = new Demo([join(scratch, 'nowhere')]);
    expect(await demo.exitCode(RUN_LIMIT_MS)).toBe(2);
    expect(demo.said).toMatch(/There is no file and no folder ".*nowhere"/);
  });
});

describe('the demo that serves', () => {
  it(
    'shows its page, tells it what happens, takes good uploads, refuses bad ones, and ends with 0 on SIGTERM',
    async () => {
      const demo = new Demo(['--serve', '--port', '0', '--out', join(scratch, 'served')]);
      const { groups } = await demo.says(/Page +(?<address>http:\/\/127\.0\.0\.1:\d+)/, RUN_LIMIT_MS);
      const address = groups?.['address'] as string;

      const page = await fetch(address);
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-/,
      );
      const html = await page.text();
      expect(html).toContain('<title>Photo pipeline</title>');
      expect(html).not.toMatch(/(?:src|href)="https?:|^import /m);

      const dashboard = await fetch(`${address}/dashboard`);
      expect(dashboard.headers.get('content-security-policy')).toContain(`script-src 'self'`);
      const topology = (await (await fetch(`${address}/dashboard/topology`)).json()) as object;
      expect(topology).toMatchObject({ isWritable: true, hasDeadLetters: true, workflows: ['order'] });

      const feed = await Feed.open(address);
      expect(await feed.next('opening', () => true)).toMatchObject({
        stages: [
          { channel: 'sketches', worker: 'DrawWorker', isDurable: false },
          { channel: 'pictures', isDurable: false },
          { channel: 'originals', isDurable: false },
          { channel: 'thumbnails', worker: 'GalleryWorker', isDurable: true },
          { channel: 'bad-pictures', isDurable: false },
          { channel: 'sheet-orders', isDurable: false },
          { channel: 'order.effects', worker: 'OrderEffects', isDurable: true },
          { channel: 'order.inputs', isDurable: true },
        ],
        thumbnails: { length: 12 },
      });
      expect(await feed.next('order', ({ status }) => status === 'shipped')).toMatchObject({
        id: 'order-1',
        declines: 2,
      });
      expect(await feed.next('order', ({ status }) => status === 'cancelled')).toMatchObject({ id: 'order-2' });
      expect(await feed.next('pulse', ({ counts }) => counts.hung === 12)).toMatchObject({
        stats: { state: 'running', workers: { ResizeWorker: { done: 12, concurrency: 4 } } },
        counts: { expected: 13, hung: 12, refused: 1 },
      });
      const { ResizeWorker, SheetWorker } = (await feed.next('pulse', () => true)).stats.workers;
      expect(ResizeWorker?.isolates).toMatchObject([{ kind: 'thread' }, { kind: 'thread' }]);
      expect(ResizeWorker?.isolates.reduce((sum, { handled }) => sum + handled, 0)).toBe(13);
      expect(SheetWorker).toMatchObject({ concurrency: 1, isolates: [{ kind: 'process', handled: 1 }] });

      const uploaded = await upload(address, { 'beach <b>.png': await picture() });
      expect(uploaded.status).toBe(202);
      expect(await uploaded.json()).toEqual([{ name: 'beach <b>.png', answer: 'accepted' }]);
      const news = await feed.next('news', ({ thumbnails }) => thumbnails.length > 0);
      expect(news.thumbnails).toMatchObject([{ name: 'beach <b>.png', width: 480, height: 320 }]);
      const thumbnail = await fetch(`${address}/thumbnails/${news.thumbnails[0]?.id}`);
      expect(thumbnail.headers.get('content-type')).toBe('image/jpeg');
      expect(await sharp(await thumbnail.arrayBuffer()).metadata()).toMatchObject({ width: 480, height: 320 });

      const body = JSON.stringify({ id: '<b>mine</b>', prints: 1, card: 'good', payWithinSeconds: 60 });
      const headers = { 'Content-Type': 'application/json' };
      const ordered = await fetch(`${address}/orders`, { method: 'POST', body, headers });
      expect(ordered.status).toBe(201);
      expect(await feed.next('order', ({ status }) => status === 'shipped')).toMatchObject({
        id: '<b>mine</b>',
        story: [{ event: 'placed' }, { event: 'paid' }, { event: 'shipped' }],
      });

      const noPicture = await upload(address, { 'notes.txt': Buffer.from('hello') });
      expect(noPicture.status).toBe(400);
      expect(await noPicture.json()).toMatchObject({ code: 'PAYLOAD_INVALID', issues: [{ path: 'name' }] });

      const mixed = await upload(address, { 'empty.png': Buffer.alloc(0), 'text.jpg': Buffer.from('hello') });
      expect(mixed.status).toBe(202);
      expect(await mixed.json()).toMatchObject([
        { name: 'empty.png', error: { statusCode: 400, code: 'PAYLOAD_INVALID' } },
        { name: 'text.jpg', answer: 'accepted' },
      ]);
      const { refusals } = await feed.next('news', (told) => told.refusals.some(({ name }) => name === 'text.jpg'));
      expect(refusals).toContainEqual(expect.objectContaining({ name: 'text.jpg', by: 'IngestWorker' }));

      const sheet = await fetch(`${address}/contact-sheet`, { method: 'POST' });
      expect(await sheet.json()).toMatchObject({ pictures: 13 });

      expect(await statusFor(address, { host: 'pictures.example' })).toBe(403);
      expect(await statusFor(address, { origin: 'http://pictures.example' })).toBe(403);
      expect(await statusFor(`${address}/dashboard`, { host: 'pictures.example' })).toBe(403);

      demo.child.kill('SIGTERM');
      expect(await demo.exitCode(STOP_LIMIT_MS)).toBe(0);
      feed.close();
    },
    2 * RUN_LIMIT_MS,
  );

  it(
    'makes contact sheets on, after the process they were made in was killed, and shows that it was',
    async () => {
      const demo = new Demo(['--serve', '--port', '0', '--out', join(scratch, 'killed')]);
      const { groups } = await demo.says(/Page +(?<address>http:\/\/127\.0\.0\.1:\d+)/, RUN_LIMIT_MS);
      const address = groups?.['address'] as string;
      const feed = await Feed.open(address);

      const killed = await fetch(`${address}/contact-sheet/process`, { method: 'DELETE' });
      expect(killed.status).toBe(200);
      expect(await killed.json()).toEqual({ killed: expect.any(Number) as number });
      expect(await feed.next('isolate', () => true)).toEqual({
        name: 'workers.isolate-ended',
        isolate: 'SheetWorker#1',
        kind: 'process',
        why: 'signal SIGKILL',
        isCrash: true,
      });

      const sheet = await fetch(`${address}/contact-sheet`, { method: 'POST' });
      expect(sheet.status).toBe(201);
      expect(await sheet.json()).toMatchObject({ pictures: 12 });
      expect(await feed.next('isolate', () => true)).toMatchObject({
        name: 'workers.isolate-ready',
        isolate: 'SheetWorker#2',
      });
      const hasNext = ({ stats }: Told) => stats.workers['SheetWorker']?.isolates[0]?.handled === 1;
      expect((await feed.next('pulse', hasNext)).stats.workers['SheetWorker']).toMatchObject({
        isolates: [{ name: 'SheetWorker#2', restarts: 1 }],
        lost: 0,
      });

      demo.child.kill('SIGTERM');
      expect(await demo.exitCode(STOP_LIMIT_MS)).toBe(0);
      feed.close();
    },
    2 * RUN_LIMIT_MS,
  );

  it(
    'ends with 0 on SIGTERM in the middle of its work',
    async () => {
      const demo = new Demo(['--serve', '--port', '0', '--out', join(scratch, 'stopped')]);
      await demo.says(/Watch it at/, RUN_LIMIT_MS);
      demo.child.kill('SIGTERM');
      expect(await demo.exitCode(STOP_LIMIT_MS)).toBe(0);
      expect(demo.said).not.toContain('Error');
    },
    RUN_LIMIT_MS,
  );
});

interface Told {
  readonly stats: Pick<WorkersStats, 'workers'>;
  readonly counts: { readonly hung: number };
  readonly thumbnails: readonly { readonly id: string; readonly name: string }[];
  readonly refusals: readonly { readonly name: string }[];
  /** Of an order. */
  readonly status?: string;
}

/** The page's server-sent events. */
class Feed {
  private readonly decoder = new TextDecoder();
  private text = '';

  private constructor(
    private readonly chunks: AsyncIterator<Uint8Array>,
    private readonly leaving: AbortController,
  ) {}

  static async open(address: string): Promise<Feed> {
    const leaving = new AbortController();
    const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(RUN_LIMIT_MS)]);
    const { headers, body } = await fetch(`${address}/feed`, { signal });
    expect(headers.get('content-type')).toBe('text/event-stream');
    return new Feed((body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator](), leaving);
  }

  /** Reads on to the next event of a kind that is wanted. */
  async next(kind: string, isWanted: (told: Told) => boolean): Promise<Told> {
    for (;;) {
      for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
        const lines = this.text.slice(0, end).split('\n');
        this.text = this.text.slice(end + 2);
        const told = lines.find((line) => line.startsWith('data: '))?.slice('data: '.length);
        if (told === undefined || !lines.includes(`event: ${kind}`)) continue;
        const event = JSON.parse(told) as Told;
        if (isWanted(event)) return event;
      }
      const { value, done } = await this.chunks.next();
      if (done === true) throw new Error(`The feed ended before it told "${kind}"`);
      this.text += this.decoder.decode(value, { stream: true });
    }
  }

  close(): void {
    this.leaving.abort();
  }
}

function upload(address: string, files: Record<string, Uint8Array>): Promise<Response> {
  const form = new FormData();
  for (const [name, bytes] of Object.entries(files)) form.append('pictures', new Blob([new Uint8Array(bytes)]), name);
  return fetch(`${address}/pictures`, { method: 'POST', body: form, signal: AbortSignal.timeout(RUN_LIMIT_MS) });
}

/** `fetch` would not send these headers. */
async function statusFor(address: string, headers: Record<string, string>): Promise<number | undefined> {
  const asked = request(address, { headers, timeout: STOP_LIMIT_MS }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
