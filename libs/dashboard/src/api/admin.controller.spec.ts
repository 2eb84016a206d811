import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type INestApplication,
  Module,
  Scope,
  VersioningType,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  channel,
  PermanentError,
  type RunOptions,
  Ticker,
  Worker,
  WorkerGateway,
  type WorkersEvent,
  WorkersModule,
} from '@nestjs-workers/core';
import { BOUNDS_MS } from '@nestjs-workers/core/extension';
import { until, workersTesting } from '@nestjs-workers/core/testing';
import { durable, OutboxModule } from '@nestjs-workers/outbox';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import request from 'supertest';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createWorkersAdminController,
  DashboardModule,
  WorkersAdmin,
  type WorkersAdminControllerOptions,
} from '../index.js';

const Uploads = channel<{ secret: string }>('uploads', { buffer: 8 });
const Thumbnails = channel<string>('thumbnails', { buffer: 8 });
const Emails = durable<{ to: string }>('emails');

@Worker({ in: Uploads, out: Thumbnails, expose: true, concurrency: 2 })
class Resizer {
  handle({ secret }: { secret: string }): string {
    return secret;
  }
}

@Worker({ in: Emails, expose: true })
class Mailer {
  handle({ to }: { to: string }): void {
    if (to === 'nobody') throw new PermanentError(`no such address: ${to}`);
  }
}

@Ticker({ every: '1h' })
class Clock {
  tick(): void {}
}

/** Lets in whoever says who he is. */
@Injectable()
class NameGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return named(context.switchToHttp().getRequest()) !== undefined;
  }
}

/** Made anew for each request, and so is every controller behind it. */
@Injectable({ scope: Scope.REQUEST })
class FreshGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

function named({ headers }: { headers: Record<string, string | undefined> }): string | undefined {
  return headers['x-name'];
}

async function mounted(
  options: Partial<WorkersAdminControllerOptions> = {},
  { run = {}, tune = () => {} }: { run?: RunOptions; tune?: (app: INestApplication) => void } = {},
) {
  @Module({
    imports: [
      WorkersModule.forRoot({ channels: [Uploads, Thumbnails, Emails], guard: 'off', run }),
      OutboxModule.forRoot({ store: memoryStore() }),
    ],
    controllers: [createWorkersAdminController({ guards: [NameGuard], actor: named, ...options })],
    providers: [WorkersAdmin, Resizer, Mailer, Clock],
  })
  class AppModule {}
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger({ log: () => {}, warn: () => {}, error: () => {} })
    .compile();
  const workers = workersTesting(moduleRef);
  const app = moduleRef.createNestApplication() as INestApplication<never>;
  tune(app);
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const http = request(app.getHttpServer());
  return {
    workers,
    gateway: app.get(WorkerGateway),
    admin: app.get(WorkersAdmin),
    url: await app.getUrl(),
    get: (path: string) => http.get(`/workers/${path}`).set('x-name', 'ann'),
    post: (path: string, body: object = {}) => http.post(`/workers/${path}`).set('x-name', 'ann').send(body),
    http,
  };
}

describe('the admin API', () => {
  it('is behind the guards of the application', async () => {
    const { http } = await mounted({ write: true });
    for (const path of ['topology', 'snapshot', 'stream', 'dead-letters', 'channels/uploads/messages'])
      expect((await http.get(`/workers/${path}`)).status).toBe(403);
    expect((await http.post('/workers/drain').send({})).status).toBe(403);
  });

  it('shows what there is and how it hangs together', async () => {
    const { get } = await mounted();
    const { body } = await get('topology');
    expect(body).toEqual({
      channels: [
        { name: 'uploads', kind: 'memory' },
        { name: 'thumbnails', kind: 'memory' },
        { name: 'emails', kind: 'durable' },
      ],
      workers: [
        { name: 'Resizer', dispatch: 'inline', isHere: true, isExposed: true },
        { name: 'Mailer', dispatch: 'inline', isHere: true, isExposed: true },
      ],
      tickers: [{ name: 'Clock', dispatch: 'inline', isHere: true }],
      edges: [
        { from: 'uploads', to: 'Resizer', kind: 'in' },
        { from: 'emails', to: 'Mailer', kind: 'in' },
        { from: 'Resizer', to: 'thumbnails', kind: 'out' },
      ],
      isWritable: false,
      showsPayloads: false,
      hasDeadLetters: true,
      boundsMs: BOUNDS_MS,
      workflows: [],
    });
  });

  it('shows a snapshot that equals the statistics', async () => {
    const { get, gateway } = await mounted();
    await gateway.request(Resizer, { secret: 'x' });
    const { body } = await get('snapshot');
    expect(body).toMatchObject({
      host: { pid: process.pid },
      stats: { state: 'running', workers: { Resizer: { done: 1 } } },
      distributions: { Resizer: { runMs: { count: 1 } }, Clock: { runMs: { count: 0 } } },
    });
    expect((body as { stats: { workers: object } }).stats.workers).toEqual(gateway.stats().workers);
  });

  it('acts only where it may, and only on what no form of another site can send', async () => {
    const readOnly = await mounted();
    const actions = [
      'pause',
      'resume',
      'concurrency',
      'drain',
      'dead-letters/retry',
      'dead-letters/discard',
      'dead-letters/1/edit',
    ];
    for (const path of actions) expect((await readOnly.post(path, { worker: 'Resizer' })).status).toBe(403);
    expect(readOnly.workers.events('workers.action')).toEqual([]);
    const { http } = await mounted({ write: true });
    const form = http.post('/workers/pause').set('x-name', 'ann').type('form').send('worker=Resizer');
    expect((await form).status).toBe(415);
  });

  it('pauses, resumes and resizes, and tells it with the name of who did', async () => {
    const { post, gateway, workers } = await mounted({ write: true });
    expect((await post('pause', { worker: 'Resizer' })).status).toBe(204);
    expect((await post('pause', { channel: 'emails' })).status).toBe(204);
    expect((await post('concurrency', { worker: 'Resizer', concurrency: 5 })).status).toBe(204);
    expect(gateway.stats()).toMatchObject({
      workers: { Resizer: { state: 'paused', concurrency: 5 } },
      channels: { emails: { isPaused: true } },
    });
    expect((await post('resume', { worker: 'Resizer' })).status).toBe(204);
    expect((await post('resume', { channel: 'emails' })).status).toBe(204);
    expect(workers.events('workers.action').map(({ action, actor }) => `${action} by ${actor}`)).toEqual([
      'pause by ann',
      'pause by ann',
      'concurrency by ann',
      'resume by ann',
      'resume by ann',
    ]);
  });

  it('finds one dead letter by its id, and has no workflows where there are none', async () => {
    const { get, gateway, workers } = await mounted();
    const buried = workers.next('workers.buried');
    await gateway.command(Mailer, { to: 'nobody' });
    const { messageId } = await buried;
    expect((await get(`dead-letters?id=${messageId}`)).body).toMatchObject({ count: 1, letters: [{ id: messageId }] });
    expect((await get('dead-letters?id=99999')).body).toEqual({ count: 0, letters: [] });
    expect((await get('dead-letters?id=x')).status).toBe(400);
    expect((await get('workflows/order/instances')).body).toMatchObject({ code: 'WORKFLOWS_ABSENT' });
    expect((await get('workflows/order/diagram')).status).toBe(404);
  });

  it('refuses options that cannot be meant before the application starts', () => {
    const make = (options: object) => () => createWorkersAdminController(options as WorkersAdminControllerOptions);
    expect(make({})).toThrow('admin.guards: expected a list of guards');
    expect(make({ guards: [], writ: true })).toThrow('Did you mean "write"?');
    expect(make({ guards: [], maxStreams: 0 })).toThrow('admin.maxStreams: expected an integer from 1 up');
    expect(() => DashboardModule.forRoot({} as never)).toThrow('dashboard.guards: expected a list of guards');
  });

  it('refuses what cannot be meant, and says who is meant perhaps', async () => {
    const { post, get } = await mounted({ write: true });
    expect((await post('pause', { worker: 'Resiser' })).body).toMatchObject({
      statusCode: 404,
      code: 'WORKER_UNKNOWN',
    });
    expect((await get('channels/upload/messages')).body).toMatchObject({ code: 'CHANNEL_UNKNOWN' });
    expect((await post('pause', {})).status).toBe(400);
    expect((await post('pause', { worker: { toString: 'x' } })).status).toBe(400);
    expect((await post('concurrency', { worker: 'Resizer', concurrency: 0 })).status).toBe(400);
    expect((await get('stream?everyMs=1')).status).toBe(400);
    expect((await post('dead-letters/discard', {})).body).toMatchObject({ message: 'channel: is missing' });
    expect((await post('dead-letters/discard', { channel: 'emails', reason: 'atempts' })).status).toBe(400);
    expect((await get('dead-letters?reason=atempts')).status).toBe(400);
    for (const action of ['retry', 'discard']) {
      const unknown = await post(`dead-letters/${action}`, { channel: 'emials' });
      expect([unknown.status, unknown.body]).toMatchObject([404, { code: 'CHANNEL_UNKNOWN' }]);
      expect((unknown.body as { message: string }).message).toContain('Did you mean "emails"?');
      expect((await post(`dead-letters/${action}`, { channel: 'emails', reason: 'attempts' })).body).toEqual({
        ids: [],
      });
    }
    expect((await post('dead-letters/77/edit', { payload: 1 })).body).toMatchObject({ code: 'DEAD_LETTER_UNKNOWN' });
  });

  it('shows who waits without payloads, and with what redact leaves of them where it is given', async () => {
    const blind = await mounted({ write: true });
    await blind.post('pause', { channel: 'uploads' });
    await blind.gateway.command(Resizer, { secret: 'hunter2' }, { headers: { tenant: 'acme' } });
    const { body } = await blind.get('channels/uploads/messages');
    expect(body).toEqual([{ id: expect.any(String), attempt: 1, waitedMs: expect.any(Number) }]);
    const seeing = await mounted({ write: true, redact: (payload) => Object.keys(payload as object) });
    await seeing.post('pause', { channel: 'uploads' });
    await seeing.gateway.command(Resizer, { secret: 'hunter2' }, { headers: { tenant: 'acme' } });
    expect((await seeing.get('channels/uploads/messages?limit=1')).body).toMatchObject([
      { headers: { tenant: 'acme' }, payload: ['secret'] },
    ]);
    expect(seeing.workers.events('workers.action').at(-1)).toMatchObject({
      action: 'peek',
      channel: 'uploads',
      actor: 'ann',
    });
  });

  it('lists dead letters, has them tried again, edited and discarded', async () => {
    const { get, post, gateway, workers } = await mounted({ write: true });
    const bury = async (): Promise<string> => {
      const buried = workers.next('workers.buried');
      await gateway.command(Mailer, { to: 'nobody' });
      return (await buried).messageId;
    };
    const [first, second, third] = [await bury(), await bury(), await bury()];
    const listed = await get('dead-letters?channel=emails&limit=2');
    expect(listed.body).toMatchObject({
      count: 3,
      letters: [{ id: third, reason: 'permanent', attempt: 1 }, { id: second }],
    });
    expect(JSON.stringify(listed.body)).not.toContain('"payload"');
    expect((await post(`dead-letters/${first}/edit`, { payload: { to: 'ada' } })).status).toBe(204);
    await until(() => gateway.stats().workers['Mailer']?.done === 1);
    const again = workers.next('workers.buried');
    expect((await post('dead-letters/retry', { ids: [second] })).body).toEqual({ ids: [second] });
    await again;
    const gone = await post('dead-letters/discard', { channel: 'emails', reason: 'permanent' });
    expect((gone.body as { ids: string[] }).ids.toSorted()).toEqual([second, third].toSorted());
    expect((await get('dead-letters')).body).toEqual({ count: 0, letters: [] });
    expect(workers.events('workers.action').map(({ action }) => action)).toEqual(['edit', 'retry', 'discard']);
  });

  it('shares a stream while somebody watches at its pace, and keeps none that nobody does', async () => {
    const { admin } = await mounted();
    const stream = admin.snapshots$(200);
    const [one, other] = [stream.subscribe(), admin.snapshots$(200).subscribe()];
    one.unsubscribe();
    expect(admin.snapshots$(200)).toBe(stream);
    other.unsubscribe();
    expect(admin.snapshots$(200)).not.toBe(stream);
  });

  it('streams snapshots at their pace, and events as they happen', async () => {
    const { url, post } = await mounted({ write: true });
    const controller = new AbortController();
    const stream = await fetch(`${url}/workers/stream?everyMs=200`, {
      headers: { 'x-name': 'bob' },
      signal: controller.signal,
    });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const seen: { type: string; data: { stats?: { state: string } } & Partial<WorkersEvent> }[] = [];
    const reading = (async () => {
      let text = '';
      const decoder = new TextDecoder();
      for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        const parts = text.split('\n\n');
        text = parts.pop() ?? '';
        for (const part of parts) {
          const fields = Object.fromEntries(
            part
              .trim()
              .split('\n')
              .map((line): [string, string] => [
                line.slice(0, line.indexOf(':')),
                line.slice(line.indexOf(':') + 1).trim(),
              ]),
          );
          if (fields['data'] !== undefined)
            seen.push({ type: fields['event'] ?? '', data: JSON.parse(fields['data']) as never });
        }
      }
    })().catch(() => {});
    await until(() => seen.filter(({ type }) => type === 'snapshot').length >= 2);
    await post('pause', { worker: 'Clock' });
    await until(() => seen.some(({ type }) => type === 'event'));
    expect(seen[0]).toMatchObject({ type: 'snapshot', data: { stats: { state: 'running' } } });
    expect(seen.find(({ type }) => type === 'event')?.data).toMatchObject({
      name: 'workers.action',
      worker: 'Clock',
      actor: 'ann',
    });
    controller.abort();
    await reading;
  });

  it.for([
    ['uri', { type: VersioningType.URI }],
    ['header', { type: VersioningType.HEADER, header: 'x-version' }],
    ['media type', { type: VersioningType.MEDIA_TYPE, key: 'v=' }],
  ] as const)('is where it is mounted in an application with versions by %s', async ([, versioning]) => {
    const { get } = await mounted({}, { tune: (app) => app.enableVersioning({ ...versioning, defaultVersion: '1' }) });
    expect((await get('snapshot')).status).toBe(200);
  });

  it('does not act on who runs elsewhere, and says so', async () => {
    const { post, gateway } = await mounted({ write: true }, { run: { except: ['Mailer', 'Clock'] } });
    for (const worker of ['Mailer', 'Clock'])
      expect((await post('pause', { worker })).body).toMatchObject({ statusCode: 409, code: 'WORKER_ELSEWHERE' });
    expect((await post('concurrency', { worker: 'Mailer', concurrency: 2 })).status).toBe(409);
    expect(gateway.stats()).toMatchObject({ workers: { Mailer: { state: 'elsewhere' } } });
  });

  it('counts those who watch where the controller is made for each request, too', async () => {
    const { url, get } = await mounted({ maxStreams: 1, guards: [FreshGuard] });
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    await fetch(`${url}/workers/stream`, { signal: controller.signal });
    expect((await get('stream')).status).toBe(503);
  });

  it('lets so many watch and no more', async () => {
    const { url, get } = await mounted({ maxStreams: 1 });
    const controller = new AbortController();
    const stream = await fetch(`${url}/workers/stream`, { headers: { 'x-name': 'bob' }, signal: controller.signal });
    expect((await get('stream')).status).toBe(503);
    controller.abort();
    await stream.text().catch(() => {});
    await until(async () => {
      const next = new AbortController();
      const again = await fetch(`${url}/workers/stream`, { headers: { 'x-name': 'bob' }, signal: next.signal });
      next.abort();
      return again.status === 200;
    });
  });

  it('ends its streams when the workers have stopped, so that a server that closes need not wait', async () => {
    const { url, post, get, workers } = await mounted({ write: true });
    const stream = await fetch(`${url}/workers/stream?everyMs=60000`, { headers: { 'x-name': 'bob' } });
    const stopped = workers.next('workers.stopped');
    await post('drain');
    await stopped;
    expect(await stream.text()).toContain('"state":"stopped"');
    expect((await get('topology')).headers).toMatchObject({ connection: 'close' });
  });

  it('drains the workers of this process and leaves the process up', async () => {
    const { post, get, workers } = await mounted({ write: true });
    const stopped = workers.next('workers.stopped');
    expect((await post('drain')).status).toBe(202);
    await stopped;
    expect((await get('snapshot')).body).toMatchObject({ stats: { state: 'stopped' } });
    expect(workers.events('workers.action')).toMatchObject([{ action: 'drain', actor: 'ann' }]);
  });
});
