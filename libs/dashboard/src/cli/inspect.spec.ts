import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CanActivate, type ExecutionContext, type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { channel, type ChannelStats, Ticker, Worker, WorkerGateway, WorkersModule } from '@nestjs-workers/core';
import { program, type Screen } from '@nestjs-workers/core/cli';
import { until } from '@nestjs-workers/core/testing';
import { durable, OutboxModule } from '@nestjs-workers/outbox';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorkersAdminController, WorkersAdmin } from '../index.js';
import { inspect } from './index.js';
import { pictureOf } from './picture.js';
import { widthOf } from './width.js';

const Uploads = channel<string>('uploads', { buffer: 8 });
const Emails = durable<string>('emails');

@Worker({ in: Uploads, expose: true, concurrency: 3 })
class Resizer {
  handle(path: string): string {
    if (path === 'broken') throw new Error('no picture');
    return path;
  }
}

@Worker({ in: Emails, expose: true })
class Mailer {
  handle(): void {}
}

@Ticker({ every: '1h' })
class Clock {
  tick(): void {}
}

const LOGGED_IN = 'Basic YW5uOnMzY3JldDE='; // ann:s3cret1

const guard: CanActivate = {
  canActivate: (context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['authorization'] === LOGGED_IN,
};

async function application({ guards = [], port = 0 }: { guards?: CanActivate[]; port?: number } = {}) {
  @Module({
    imports: [
      WorkersModule.forRoot({ channels: [Uploads, Emails], guard: 'off' }),
      OutboxModule.forRoot({ store: memoryStore() }),
    ],
    controllers: [createWorkersAdminController({ guards })],
    providers: [WorkersAdmin, Resizer, Mailer, Clock],
  })
  class AppModule {}
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger(SILENT)
    .compile();
  const app = moduleRef.createNestApplication<INestApplication>({ forceCloseConnections: true });
  await app.listen(port, '127.0.0.1');
  onTestFinished(() => app.close());
  return { app, gateway: app.get(WorkerGateway), admin: app.get(WorkersAdmin), url: await app.getUrl() };
}

const SILENT = { log: () => {}, warn: () => {}, error: () => {} };

/** What the program says to `args`, in a pipe, or on a screen until it is interrupted. */
function run(args: readonly string[], { columns = 100, rows = 40 } = {}) {
  const [out, err, drawn]: [string[], string[], string[]] = [[], [], []];
  const interrupted = new AbortController();
  const resized = new Set<() => void>();
  const screen: Screen = {
    columns,
    rows,
    hasColours: true,
    draw: (text) => void drawn.push(text),
    onResize: (call) => {
      resized.add(call);
      return () => resized.delete(call);
    },
  };
  const start = (hasScreen: boolean): Promise<number> =>
    program({ inspect: { summary: '', load: () => Promise.resolve(inspect) } }, ['inspect', ...args], {
      say: (text) => out.push(text),
      complain: (text) => err.push(text),
      interruption: () => interrupted.signal,
      ...(hasScreen ? { screen } : {}),
    });
  return {
    drawn,
    interrupted,
    resized,
    start,
    said: async () => {
      const code = await start(false);
      return { code, out: out.join('\n'), err: err.join('\n') };
    },
  };
}

/** A server that is something else. */
async function stranger(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address at which nobody listens. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

describe('nestjs-workers inspect', { timeout: 20_000 }, () => {
  it('shows the numbers of the snapshot, once where there is no terminal', async () => {
    const { gateway, url } = await application();
    for (const path of ['a', 'b']) await gateway.request(Resizer, path);
    await gateway.request(Resizer, 'broken').catch(() => {});
    const { code, out, err } = await run([`${url}/workers/`]).said();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const rows = out.split('\n').map((row) => row.trim().split(/\s{2,}/));
    expect(rows[0]?.slice(0, 1)).toEqual(['running']);
    expect(rows.find(([name]) => name === 'uploads')).toEqual(['uploads', '0/8']);
    expect(rows.find(([name]) => name === 'emails')).toEqual(['emails', '0', 'durable']);
    expect(rows.find(([name]) => name === 'Resizer')?.slice(0, 4)).toEqual(['Resizer', '0/3', '2', '1']);
    expect(rows.find(([name]) => name === 'Clock')?.slice(0, 2)).toEqual(['Clock', '0']);
    expect(rows.find(([, store]) => store === 'memory')?.at(-1)).toBe('claiming');
    expect(out).not.toContain('\u001B');
  });

  it('gives the snapshot as JSON, also to who looks at a terminal', async () => {
    const { admin, url } = await application();
    const { code, out } = await run([`${url}/workers/snapshot`, '--json']).said();
    const { stats, host } = admin.snapshot();
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ host: { pid: host.pid }, stats: { channels: stats.channels } });
    const onScreen = run([`${url}/workers`, '--json']);
    expect(await onScreen.start(true)).toBe(0);
    expect(onScreen.drawn).toEqual([]);
  });

  it('gives JSON that a terminal obeys nothing of', async () => {
    const { admin } = await application();
    const name = '\u007F\u009B31m\u202E\u2028\u{E0001}\u001B';
    const snapshot = { ...admin.snapshot(), host: { ...admin.snapshot().host, name } };
    const url = await stranger((_, response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(snapshot)),
    );
    const { out } = await run([url, '--json']).said();
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(out)).toMatchObject({ host: { name } });
  });

  it('asks less and less often of workers that have stopped, and says that they have', async () => {
    const { admin } = await application();
    const snapshot = admin.snapshot();
    const stopped = { ...snapshot, stats: { ...snapshot.stats, state: 'stopped' } };
    let asked = 0;
    const url = await stranger((_, response) => {
      asked++;
      response
        .setHeader('content-type', 'text/event-stream')
        .end(`event: snapshot\ndata: ${JSON.stringify(stopped)}\n\n`);
    });
    const { drawn, interrupted, start } = run([url]);
    const ended = start(true);
    await until(() => asked === 2);
    const second = performance.now();
    await until(() => asked === 3);
    expect(performance.now() - second).toBeGreaterThan(400);
    await until(() => drawn.at(-1)?.includes('have stopped.') === true);
    interrupted.abort();
    expect(await ended).toBe(0);
  });

  it('draws live over what it drew, with rates, and gives the screen back when it is interrupted', async () => {
    const { gateway, url } = await application();
    const { drawn, interrupted, resized, start } = run([`${url}/workers`, '--every', '200']);
    const ended = start(true);
    await until(() => drawn.length > 2);
    for (let sent = 0; sent < 50; sent++) await gateway.request(Resizer, 'x');
    await until(() => /Resizer +0\/3 +\d+(\.\d)? +50/.test(drawn.at(-1) ?? ''));
    expect(drawn[0]).toBe('\u001B[?1049h\u001B[?25l\u001B[?7l');
    expect(drawn.slice(1).every((one) => one.startsWith('\u001B[H') && one.endsWith('\u001B[J'))).toBe(true);
    const before = drawn.length;
    for (const call of resized) call();
    expect(drawn.length).toBe(before + 1);
    interrupted.abort();
    expect(await ended).toBe(0);
    expect(drawn.at(-1)).toBe('\u001B[?7h\u001B[?25h\u001B[?1049l');
    expect(resized.size).toBe(0);
  });

  it('follows an application that comes again, and meanwhile shows what was seen last', async () => {
    const first = await application();
    const { drawn, interrupted, start } = run([`${first.url}/workers`, '--every', '200']);
    const ended = start(true);
    await until(() => drawn.length > 2);
    await first.app.close();
    await until(() => drawn.at(-1)?.includes('Trying again') === true);
    expect(drawn.at(-1)).toContain('Resizer');
    await application({ port: Number(new URL(first.url).port) });
    await until(() => drawn.at(-1)?.includes('Trying again') === false, '10s');
    expect(drawn.at(-1)).toContain('running');
    interrupted.abort();
    expect(await ended).toBe(0);
  });

  it('logs in with a header, or with a name and a password, which are in no message', async () => {
    const { url } = await application({ guards: [guard] });
    expect((await run([`${url}/workers`, '--header', `Authorization: ${LOGGED_IN}`]).said()).code).toBe(0);
    expect((await run([`${url.replace('//', '//ann:s3cret1@')}/workers`]).said()).code).toBe(0);
    const refused = await run([`${url.replace('//', '//ann:wr0ng@')}/workers`, '--header', 'x-key: s3cret2']).said();
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain(`${url}/workers does not let us in (403)`);
    expect(refused.err).not.toMatch(/s3cret|wr0ng/);
  });

  it('says what is wrong with an address that is not the admin API, and exits with 1', async () => {
    const { url } = await application();
    const page = await stranger((_, response) => response.setHeader('content-type', 'text/html').end('<p>Hello'));
    const json = await stranger((_, response) =>
      response.setHeader('content-type', 'application/json').end('{"stats":"\u001B[31m"}'),
    );
    const login = await stranger((_, response) => response.writeHead(302, { location: '/login' }).end());
    const broken = await stranger((_, response) =>
      response.writeHead(503).end(JSON.stringify({ message: '32 watch\u001B[31m' })),
    );
    for (const [address, said] of [
      [`${url}/worker`, `${url}/worker has no admin API (404). Give the path where`],
      [
        `${page}/workers`,
        'is no admin API of nestjs-workers that this version understands: it answered with text/html',
      ],
      [`${json}/workers`, 'it answered with something else'],
      [`${login}/workers`, 'sends us on to /login, which is not followed'],
      [`${broken}/workers`, 'answered 503: 32 watch\\u001b[31m.'],
    ] as const) {
      const { code, out, err } = await run([address]).said();
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain(said);
      expect(await run([address]).start(true)).toBe(1);
    }
    const { code, err } = await run([`${await nobody()}/workers`]).said();
    expect([code, err]).toEqual([1, expect.stringContaining('cannot be reached: ECONNREFUSED. Nothing listens there')]);
  });

  it.for([
    [[], 'expected one url, as http://localhost:3000/workers, got 0.'],
    [['a', 'b'], 'got 2.'],
    [['ftp://ann:s3cret@host'], 'expected a url, as http://localhost:3000/workers, got something else.'],
    [['localhost:1', '--every', '100'], '--every: expected an integer from 200 up'],
    [['localhost:1', '--every', '60001'], '--every: expected an integer from 200 to 60000'],
    [['localhost:1', '--header', 's3cret'], '--header: expected "name: value", got something else.'],
    [['localhost:1', '--onec'], 'Did you mean "--once"?'],
  ] as const)('is called wrongly with 2: %j', async ([args, said]) => {
    const { code, err } = await run(args).said();
    expect(code).toBe(2);
    expect(err).toContain(said);
    expect(err).toContain('See nestjs-workers inspect --help.');
    expect(err).not.toContain('s3cret');
  });
});

describe('the picture', { timeout: 20_000 }, () => {
  it('fits on any screen and holds nothing but text, whatever names there are', async () => {
    const { admin } = await application();
    const snapshot = admin.snapshot();
    const { channels, workers, tickers, relays } = snapshot.stats;
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001B]0;x\u0007', '\u009B31m', '\u202Egnp.exe', '\u200B', '絵文字'.repeat(30), 'x'.repeat(300)),
    );
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 200 }), (name, columns) => {
        const named = <T>(one: Readonly<Record<string, T>>) => ({ ...one, [name]: Object.values(one)[0] as T });
        const stats = {
          ...snapshot.stats,
          channels: named(channels),
          workers: named(workers),
          tickers: named(tickers),
          relays: named(relays),
        };
        const lines = pictureOf({ ...snapshot, stats }, undefined, { columns, hasColours: false });
        const wrong = lines.filter((one) => /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(one) || widthOf(one) > columns);
        expect(wrong).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('shows who waits for room where there is no buffer', async () => {
    const { admin } = await application();
    const { stats, ...rest } = admin.snapshot();
    const uploads = { ...stats.channels['uploads'], capacity: 0, pendingPuts: 7, maxPendingPuts: 9 } as ChannelStats;
    const snapshot = { ...rest, stats: { ...stats, channels: { uploads } } };
    const lines = pictureOf(snapshot, undefined, { columns: 100, hasColours: false });
    expect(lines.find((one) => one.startsWith('uploads'))).toMatch(/^uploads +7\/9/);
  });

  it('leaves out what matters least where it is narrow', async () => {
    const { admin, gateway } = await application();
    await gateway.request(Resizer, 'x');
    const titles = (columns: number) =>
      pictureOf(admin.snapshot(), undefined, { columns, hasColours: false })
        .find((one) => one.startsWith('worker'))
        ?.split(/\s{2,}/);
    expect(titles(100)).toEqual(['worker', 'busy', 'done', 'wait p50', 'wait p95', 'run p50', 'run p95']);
    expect(titles(34)).toEqual(['worker', 'busy', 'done', 'run p95']);
    expect(titles(14)).toEqual(['worker', 'busy']);
  });
});
