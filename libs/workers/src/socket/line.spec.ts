import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { turn, until } from '../testing/until.js';
import { Heard, socketPair, TRANSPORTS } from './fixtures/sockets.js';
import { lineContract } from './line.contract.js';
import { Line } from './line.js';

// The contract starts a process for each test, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

for (const [name, transport] of Object.entries(TRANSPORTS)) lineContract(name, transport);

/** A line with its socket, and what is at the other end. */
async function pair(): Promise<{ line: Line; peer: Heard; socket: Duplex; far: Duplex }> {
  const [socket, far] = await socketPair();
  const line = new Line(socket);
  onTestFinished(() => line.destroy());
  return { line, peer: new Heard(new Line(far)), socket, far };
}

describe('what is sent on a line', () => {
  it('in one turn is written once, at its end', async () => {
    const { line, peer, socket } = await pair();
    const write = vi.spyOn(socket, 'write');
    const sent = Array.from({ length: 100 }, (_, i) => `message ${i}`);
    for (const text of sent.slice(0, 50)) line.send(text);
    await null;
    process.nextTick(() => sent.slice(50).forEach((text) => line.send(text)));
    expect(write).not.toHaveBeenCalled();
    await turn();
    expect(write).toHaveBeenCalledTimes(1);
    await peer.frame(100);
    expect(peer.texts).toEqual(sent);
  });

  it('as answers to the frames of one chunk is written once, when all of them were taken', async () => {
    const { line, peer, socket } = await pair();
    const write = vi.spyOn(socket, 'write');
    const writesSeen: number[] = [];
    line.onFrame((body) => {
      line.send(body);
      writesSeen.push(write.mock.calls.length);
    });
    for (const text of ['a', 'b', 'c']) peer.line.send(text);
    peer.line.flush();
    const laterLook = vi.spyOn(globalThis, 'setImmediate');
    onTestFinished(() => laterLook.mockRestore());
    await peer.frame(3);
    expect([writesSeen, write.mock.calls.length]).toEqual([[0, 0, 0], 1]);
    expect(laterLook).not.toHaveBeenCalled();
  });

  it('is freed when it is spent, large, alone in its memory, and written', async () => {
    const { line, peer } = await pair();
    const large = () => Buffer.from(new ArrayBuffer(200_000));
    const [spent, kept, small, shared] = [large(), large(), Buffer.from(new ArrayBuffer(20_000)), large().subarray(1)];
    for (const [body, isSpent] of [
      [spent, true],
      [kept, false],
      [small, true],
      [shared, true],
    ] as const)
      line.send(body, { isSpent });
    expect(spent.length).toBe(200_000);
    await peer.frame(4);
    await line.drained();
    expect([spent, kept, small, shared].map(({ length }) => length)).toEqual([0, 200_000, 20_000, 199_999]);
    expect(peer.frames.map(({ length }) => length)).toEqual([200_000, 200_000, 20_000, 199_999]);
  });

  it('is with the system when `flush` returns', async () => {
    const { line, peer } = await pair();
    line.send('now');
    expect(line.bufferedBytes).toBe(7);
    line.flush();
    expect(line.bufferedBytes).toBe(0);
    line.destroy();
    expect(String(await peer.frame(1))).toBe('now');
  });

  it('is not gathered beyond 64 KiB', async () => {
    const { line, socket } = await pair();
    const write = vi.spyOn(socket, 'write');
    for (let i = 0; i < 66; i++) line.send('x'.repeat(1_000));
    expect(write).toHaveBeenCalled();
  });

  it('has nobody wait for it after the end', async () => {
    const { line, peer } = await pair();
    peer.line.onFrame(undefined);
    line.send(Buffer.alloc(4_000_000));
    const drained = line.drained();
    line.send('never written');
    line.destroy();
    await drained;
    await line.drained();
  });
});

describe('the frames of a line', () => {
  it('wait until somebody takes them, and while nobody does', async () => {
    const { line, peer, socket } = await pair();
    for (const text of ['first', 'second', 'third']) peer.line.send(text);
    const taken: string[] = [];
    line.onFrame((body) => {
      taken.push(String(body));
      line.onFrame(undefined);
    });
    await until(() => taken.length > 0);
    peer.line.send('fourth');
    peer.line.flush();
    await turn();
    expect([taken, socket.isPaused()]).toEqual([['first'], true]);
    line.onFrame((body) => void taken.push(`later ${String(body)}`));
    await until(() => taken.length === 4);
    expect(taken).toEqual(['first', 'later second', 'later third', 'later fourth']);
  });

  it('go to a new taker from the next one on', async () => {
    const { line, peer } = await pair();
    const taken: string[] = [];
    line.onFrame((body) => {
      taken.push(`one took ${String(body)}`);
      line.onFrame((body) => void taken.push(`two took ${String(body)}`));
    });
    for (const text of ['a', 'b', 'c']) peer.line.send(text);
    await until(() => taken.length === 3);
    expect(taken).toEqual(['one took a', 'two took b', 'two took c']);
  });

  it('end with the line that their taker destroys', async () => {
    const { line, peer } = await pair();
    const taken: string[] = [];
    line.onFrame((body) => {
      taken.push(String(body));
      line.destroy();
    });
    for (const text of ['a', 'b', 'c']) peer.line.send(text);
    await peer.end();
    expect(taken).toEqual(['a']);
  });
});

describe('the end of a line', () => {
  it('is broken by a taker that throws, with what it threw', async () => {
    const { line, peer } = await pair();
    const ends: unknown[] = [];
    line.onClose((end) => ends.push(end));
    line.onFrame(() => {
      throw new RangeError('mine');
    });
    peer.line.send('a');
    await until(() => ends.length > 0);
    expect(ends).toMatchObject([{ type: 'broken', error: { name: 'RangeError', message: 'mine' } }]);
  });

  it('is told at once to who asks late, and to each who asks', async () => {
    const { line } = await pair();
    const told: unknown[] = [];
    line.onClose((end) => told.push(end));
    line.onClose((end) => told.push(end));
    line.destroy();
    await until(() => told.length === 2);
    line.onClose((end) => told.push(end));
    expect(told).toEqual([{ type: 'closed' }, { type: 'closed' }, { type: 'closed' }]);
  });

  it('is told of a socket that was closed before', async () => {
    const [socket] = await socketPair();
    socket.destroy();
    await once(socket, 'close');
    expect(await new Heard(new Line(socket)).end()).toEqual({ type: 'left' });
  });

  it('comes also when nobody ever took a frame', async () => {
    const { line, peer } = await pair();
    const ends: unknown[] = [];
    line.onClose((end) => ends.push(end));
    peer.line.send('unheard');
    line.close();
    await until(() => ends.length > 0);
    expect(ends).toEqual([{ type: 'closed' }]);
  });

  it('is the failure, when one kept our close from being orderly', async () => {
    const socket = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) =>
        void setImmediate(() => done(Object.assign(new Error('write'), { code: 'EPIPE' }))),
    });
    const heard = new Heard(new Line(socket));
    heard.line.send('last words');
    heard.line.close();
    expect(await heard.end()).toMatchObject({ type: 'broken', error: { code: 'EPIPE' } });
  });

  it('is that the peer left, when that came first', async () => {
    const socket = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) => void until(() => socket.readableEnded).then(() => done(new Error('EPIPE'))),
    });
    const heard = new Heard(new Line(socket));
    heard.line.send('unheard');
    socket.push(null);
    expect(await heard.end()).toMatchObject({ type: 'left' });
  });
});
