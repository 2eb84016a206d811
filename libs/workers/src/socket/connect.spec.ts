import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '../lifecycle/clock.js';
import { rejection } from '../testing/fixtures/promises.js';
import { HeldClock } from '../testing/held.clock.js';
import { leakCheck } from '../testing/leak.check.js';
import { until } from '../testing/until.js';
import { Admission } from './admission.js';
import { connect, type ConnectOptions } from './connect.js';
import { Heard, listening, temporaryPath } from './fixtures/sockets.js';
import type { Line } from './line.js';
import { type SocketAdapter, unixSocketAdapter } from './socket.adapter.js';
import { newToken } from './token.js';

const hear = (line: Line) => new Heard(line);

/** Counts the attempts, and how many of them are over. */
class CountingAdapter implements SocketAdapter {
  attempts = 0;
  failed = 0;
  readonly createServer = unixSocketAdapter.createServer;
  readonly cleanup = unixSocketAdapter.cleanup;

  createClient(path: string) {
    this.attempts++;
    return unixSocketAdapter.createClient(path).on('close', () => this.failed++);
  }
}

/** What it takes to connect on a clock that is held: 100 ms, 200 ms, 400 ms ... between the attempts. */
async function setting() {
  const clock = new HeldClock();
  const adapter = new CountingAdapter();
  const options: ConnectOptions = {
    path: await temporaryPath(),
    token: newToken(),
    timeoutMs: 10_000,
    clock,
    adapter,
    random: () => 0,
  };
  /** Waits until attempt number `count` has failed and the next one is due. */
  const failed = (count: number) => until(() => adapter.failed === count && clock.pending === 2);
  return { clock, adapter, options, failed };
}

async function host({ path, token }: ConnectOptions): Promise<{ accepted: Line[]; admission: Admission }> {
  const accepted: Line[] = [];
  const admission = new Admission({
    token,
    timeoutMs: 10_000,
    maxMessageBytes: 1_000,
    clock: new SystemClock(),
    onAccepted: (line) => {
      accepted.push(line);
      line.send('welcome');
      onTestFinished(() => line.destroy());
    },
    onRefused: () => {},
  });
  (await listening(path)).on('connection', (socket) => admission.receive(socket));
  return { accepted, admission };
}

describe('connecting', () => {
  it('succeeds at once where the host listens, and loses nothing of what the host says first', async () => {
    const { options, adapter, clock } = await setting();
    const { accepted } = await host(options);
    const peer = hear(await connect(options));
    accepted[0]?.send('hello');
    await peer.frame(2);
    expect(peer.texts).toEqual(['welcome', 'hello']);
    expect([adapter.attempts, clock.pending]).toEqual([1, 0]);
  });

  it('waits for a slow host, twice as long after each attempt', async () => {
    const { options, adapter, clock, failed } = await setting();
    const connecting = connect(options);
    for (const [index, waitMs] of [100, 200, 400, 800, 1_600].entries()) {
      await failed(index + 1);
      await clock.advance(waitMs - 1);
      expect(adapter.attempts).toBe(index + 1);
      await clock.advance(1);
      expect(adapter.attempts).toBe(index + 2);
    }
    await failed(6);
    await host(options);
    await clock.advance(3_200);
    hear(await connecting);
    expect([adapter.attempts, clock.pending]).toEqual([7, 0]);
  });

  it('comes back to a host whose old connection is still being closed', async () => {
    const { options, clock, failed } = await setting();
    const { accepted } = await host(options);
    const first = await connect(options);
    hear(first);
    const second = connect(options);
    await failed(1);
    first.close();
    (accepted[0] as Line).onFrame(() => {});
    await new Promise<unknown>((closed) => (accepted[0] as Line).onClose(closed));
    await clock.advance(100);
    hear(await second);
    expect(accepted).toHaveLength(2);
  });

  it('gives up when the time is over, and says how the last attempt ended', async () => {
    const { options, clock, failed } = await setting();
    const rejected = rejection(connect({ ...options, timeoutMs: 250 }));
    await failed(1);
    await clock.advance(100);
    await failed(2);
    await clock.advance(150);
    const error = await rejected;
    expect(error).toMatchObject({
      code: 'CONNECT_TIMEOUT',
      path: options.path,
      timeoutMs: 250,
      attempts: 2,
      cause: { code: 'ENOENT' },
    });
    expect(clock.pending).toBe(0);
  });

  it('gives up in the middle of an attempt, when the host takes the connection and never answers', async () => {
    const { options, clock, adapter } = await setting();
    const server = await listening(options.path);
    const connections: unknown[] = [];
    server.on('connection', (socket) => connections.push(socket.resume()));
    const rejected = rejection(connect(options));
    await until(() => connections.length === 1);
    await clock.advance(10_000);
    expect(await rejected).toMatchObject({ code: 'CONNECT_TIMEOUT', attempts: 1 });
    await until(() => adapter.failed === 1);
    expect(clock.pending).toBe(0);
  });

  it('ends at once when it is aborted: before, in an attempt and between two, with the reason', async () => {
    const { options, adapter, clock, failed } = await setting();
    const reason = new Error('the application stops');
    expect(await rejection(connect({ ...options, signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    const rejected = rejection(connect({ ...options, signal: controller.signal }));
    await failed(1);
    controller.abort(reason);
    expect([await rejected, adapter.attempts]).toEqual([reason, 1]);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    const early = new AbortController();
    const inAttempt = rejection(connect({ ...options, signal: early.signal }));
    early.abort(reason);
    expect([await inAttempt, clock.pending]).toEqual([reason, 0]);
  });

  it('does not try again with a wrong token, or a path that cannot be', async () => {
    const { options, adapter, clock } = await setting();
    await host(options);
    expect(await rejection(connect({ ...options, token: newToken() }))).toMatchObject({ reason: 'token' });
    expect(await rejection(connect({ ...options, path: '\0abstract' }))).toMatchObject({ code: 'SOCKET_PATH_INVALID' });
    expect([adapter.attempts, clock.pending]).toEqual([2, 0]);
  });

  it('leaves nothing behind on the real clock', async () => {
    const { options } = await setting();
    const nothingLeft = leakCheck();
    const { adapter, clock, ...rest } = options;
    expect(await rejection(connect({ ...rest, timeoutMs: 20, baseMs: 1 }))).toMatchObject({
      code: 'CONNECT_TIMEOUT',
    });
    await nothingLeft();
  });
});
