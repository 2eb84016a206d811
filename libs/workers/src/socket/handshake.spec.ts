import { createConnection, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HeldClock } from '../testing/held.clock.js';
import { rejection } from '../testing/fixtures/promises.js';
import { turn, until } from '../testing/until.js';
import { Admission } from './admission.js';
import { Heard, listening, temporaryPath } from './fixtures/sockets.js';
import { greet } from './handshake.js';
import { Line } from './line.js';
import type { HandshakeError } from './socket.errors.js';
import { newToken, TokenCheck } from './token.js';

/** A host with one isolate's door, and everything that came of it. */
class Host {
  readonly token = newToken();
  readonly clock = new HeldClock();
  readonly accepted: Heard[] = [];
  readonly refused: HandshakeError[] = [];
  readonly admission = new Admission({
    token: this.token,
    timeoutMs: 1_000,
    maxMessageBytes: 1_000_000,
    clock: this.clock,
    onAccepted: (line) => void this.accepted.push(new Heard(line)),
    onRefused: (error) => void this.refused.push(error),
  });
  connections = 0;

  private constructor(readonly path: string) {}

  static async listen(): Promise<Host> {
    const host = new Host(await temporaryPath());
    const server = await listening(host.path);
    server.on('connection', (socket) => {
      host.connections++;
      host.admission.receive(socket);
    });
    return host;
  }

  get reasons(): string[] {
    return this.refused.map(({ reason }) => reason);
  }

  /** A socket that has said nothing yet, with what it hears until its end. */
  dial(): { socket: Socket; heard: () => string; isOver: () => boolean } {
    const socket = createConnection(this.path);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return { socket, heard: () => heard, isOver: () => socket.closed };
  }

  line(): Line {
    const line = new Line(createConnection(this.path));
    onTestFinished(() => line.destroy());
    return line;
  }

  /** Proves that the host still does what it is there for. */
  async greeted(): Promise<Heard> {
    const line = this.line();
    await greet(line, this.token);
    const peer = new Heard(line);
    const own = this.accepted.at(-1) as Heard;
    line.send('still');
    own.line.send('there');
    expect([String(await own.frame(1)), String(await peer.frame(1))]).toEqual(['still', 'there']);
    return peer;
  }
}

describe('a token', () => {
  it('is 32 random bytes as text that is safe anywhere', () => {
    const tokens = Array.from({ length: 100 }, newToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens)
      expect([/^[\w-]{43}$/.test(token), Buffer.from(token, 'base64url').length]).toEqual([true, 32]);
  });

  it('accepts itself and nothing else, of whatever length', () => {
    const token = newToken();
    const check = new TokenCheck(token);
    expect([check.accepts(token), check.accepts(Buffer.from(token))]).toEqual([true, true]);
    for (const other of ['', token.slice(1), `${token}=`, token.toUpperCase(), newToken(), 'x'.repeat(200)]) {
      expect(check.accepts(other)).toBe(false);
    }
  });
});

describe('a host', () => {
  it('accepts whoever shows the token, and loses no frame on the way, in either direction', async () => {
    const host = await Host.listen();
    const line = host.line();
    line.send(host.token);
    for (let i = 0; i < 100; i++) line.send(`${i}`);
    const peer = new Heard(line);
    await until(() => host.accepted.length > 0);
    const [own] = host.accepted as [Heard];
    await own.frame(100);
    expect(own.texts).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
    for (let i = 0; i < 3; i++) own.line.send(`${i}`);
    await peer.frame(4);
    expect(peer.texts).toEqual(['accepted', '0', '1', '2']);
    expect([host.refused, host.clock.pending]).toEqual([[], 0]);
  });

  it('takes large frames only from whom it accepted', async () => {
    const host = await Host.listen();
    const peer = await host.greeted();
    peer.line.send('x'.repeat(1_000_000));
    const [own] = host.accepted as [Heard];
    expect((await own.frame(2)).length).toBe(1_000_000);
    const stranger = host.line();
    stranger.send('x'.repeat(257));
    await until(() => host.refused.length > 0);
    expect(host.reasons).toEqual(['garbage']);
  });

  it('refuses a wrong token, says so to both sides, and goes on', async () => {
    const host = await Host.listen();
    const line = host.line();
    const error = await rejection(greet(line, newToken()));
    expect(error).toMatchObject({ name: 'HandshakeError', code: 'HANDSHAKE_REFUSED', reason: 'token' });
    expect(host.reasons).toEqual(['token']);
    await until(() => host.clock.pending === 0);
    await host.greeted();
  });

  it.each([
    ['a request of another protocol', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'garbage'],
    ['a length above the limit', '\xff\xff\xff\xff', 'garbage'],
    ['an empty frame', '\0\0\0\0', 'token'],
    ['a frame of nonsense', '\0\0\0\x03\xff\xfe\x80', 'token'],
  ])('refuses %s, and goes on', async (_, bytes, reason) => {
    const host = await Host.listen();
    const { socket, isOver } = host.dial();
    socket.write(Buffer.from(bytes, 'latin1'));
    await until(isOver);
    expect(host.reasons).toEqual([reason]);
    await host.greeted();
  });

  it.each([
    ['says nothing', '', 'gone'],
    ['stops inside a frame', '\0\0\0\x2bhalf a tok', 'garbage'],
  ])('refuses one that %s and leaves', async (_, bytes, reason) => {
    const host = await Host.listen();
    const { socket } = host.dial();
    socket.end(Buffer.from(bytes, 'latin1'));
    await until(() => host.refused.length > 0);
    expect([host.reasons, host.clock.pending]).toEqual([[reason], 0]);
    await host.greeted();
  });

  it('hangs up on one that shows no token in time, not before, and goes on', async () => {
    const host = await Host.listen();
    const [silent, slow] = [host.dial(), host.dial()];
    slow.socket.write(Buffer.from('\0\0\0\x2bhalf a tok', 'latin1'));
    await until(() => host.clock.pending === 2);
    await host.clock.advance(999);
    expect([host.reasons, silent.isOver()]).toEqual([[], false]);
    await host.clock.advance(1);
    expect(host.reasons).toEqual(['silence', 'silence']);
    await until(() => silent.isOver() && slow.isOver());
    await host.greeted();
  });

  it('hangs up on one that was refused and does not go', async () => {
    const host = await Host.listen();
    const socket = createConnection({ path: host.path, allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(Buffer.from('\0\0\0\x05wrong', 'latin1'));
    await until(() => host.refused.length > 0);
    expect(host.clock.pending).toBe(1);
    await host.clock.advance(1_000);
    socket.resume();
    await until(() => {
      if (!socket.destroyed) socket.write('anybody?');
      return socket.destroyed;
    });
    expect([host.reasons, host.clock.pending]).toEqual([['token'], 0]);
  });

  it('accepts one connection at a time: a second one is refused while the first lives, and may come back after it', async () => {
    const host = await Host.listen();
    const first = await host.greeted();
    expect(await rejection(greet(host.line(), host.token))).toMatchObject({ reason: 'occupied' });
    expect(await rejection(greet(host.line(), newToken()))).toMatchObject({ reason: 'token' });
    const [own] = host.accepted as [Heard];
    first.line.send('unharmed');
    expect(String(await own.frame(2))).toBe('unharmed');
    first.line.close();
    await own.end();
    await host.greeted();
    expect([host.accepted.length, host.reasons]).toEqual([2, ['occupied', 'token']]);
  });

  it('hangs up on strangers when its door closes, and not on its guest', async () => {
    const host = await Host.listen();
    const guest = await host.greeted();
    const { isOver } = host.dial();
    await until(() => host.connections === 2);
    host.admission.close();
    await until(isOver);
    await turn();
    guest.line.send('stays');
    expect(String(await (host.accepted[0] as Heard).frame(2))).toBe('stays');
    expect(host.reasons).toEqual(['gone']);
  });
});

describe('who connects', () => {
  it('is told when the host answers with something else, or not at all', async () => {
    const path = await temporaryPath();
    const server = await listening(path);
    const answers = ['\0\0\0\x05howdy', ''];
    server.on('connection', (socket) => socket.end(Buffer.from(answers.shift() ?? '', 'latin1')));
    const [odd, silent] = [new Line(createConnection(path)), new Line(createConnection(path))];
    const errors = await Promise.all([odd, silent].map((line) => rejection(greet(line, newToken()))));
    expect(errors.map(({ reason }) => reason)).toEqual(['garbage', 'gone']);
  });

  it('is told when nobody listens', async () => {
    const path = await temporaryPath();
    expect(await rejection(greet(new Line(createConnection(path)), newToken()))).toMatchObject({ code: 'ENOENT' });
  });
});
