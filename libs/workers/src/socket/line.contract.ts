import type { ChildProcess } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { until } from '../testing/until.js';
import { Heard } from './fixtures/sockets.js';
import type { Line, LineOptions } from './line.js';

type Transport = (options: LineOptions) => Promise<{ line: Line; child: ChildProcess }>;

/** What a line promises over every transport, as tests; the other end is `peer.mjs` in a process of its own. */
export function lineContract(name: string, transport: Transport): void {
  async function reach(options: LineOptions = {}): Promise<{ peer: Heard; line: Line; child: ChildProcess }> {
    const { line, child } = await transport(options);
    const peer = new Heard(line);
    expect(String(await peer.frame(1))).toBe('here');
    peer.frames.length = 0;
    return { peer, line, child };
  }

  describe(`a line over ${name}`, () => {
    it('carries frames of all sizes, whole and in order, both ways', async () => {
      const { peer, line } = await reach();
      const sizes = [0, 1, 3, 4, 5, 100, 5_461, 5_462, 16_384, 16_385, 65_532, 65_536, 200_000];
      const bodies = Array.from({ length: 300 }, (_, i) => Buffer.alloc(sizes[i % sizes.length] ?? 0, i));
      for (const [i, body] of bodies.entries()) line.send(i % 2 === 0 ? body : body.toString('latin1'));
      await peer.frame(bodies.length);
      for (const [i, body] of bodies.entries()) {
        const expected = i % 2 === 0 ? body : Buffer.from(body.toString('latin1'));
        expect(peer.frames[i]?.equals(expected)).toBe(true);
      }
    });

    it('carries ten megabytes, and characters that lie across chunks', async () => {
      const { peer, line } = await reach();
      const [large, text] = [Buffer.alloc(10_000_000, 'ten'), '👩‍🚀 käse 漢字 '.repeat(60_000)];
      line.send(large);
      line.send(text);
      await peer.frame(2);
      expect(peer.frames[0]?.equals(large)).toBe(true);
      expect(String(peer.frames[1]) === text).toBe(true);
    });

    it('refuses a message above the limit alone', async () => {
      const { peer, line } = await reach({ maxMessageBytes: 1_000 });
      line.send('before');
      for (const large of ['x'.repeat(1_001), 'é'.repeat(501), Buffer.alloc(1_001), Buffer.alloc(100_000)]) {
        expect(() => line.send(large)).toThrow(/^A message of \d+ bytes .* the limit is 1000 \(maxMessageBytes\)/);
      }
      line.send('é'.repeat(500));
      await peer.frame(2);
      expect(peer.texts).toEqual(['before', 'é'.repeat(500)]);
    });

    it('is broken by a frame above the limit, which it names', async () => {
      const { peer, line } = await reach();
      line.send('boast of a frame');
      expect(await peer.end()).toMatchObject({
        type: 'broken',
        error: { code: 'FRAME_TOO_LARGE', sizeBytes: 0xffff_ffff, maxBytes: line.maxMessageBytes },
      });
    });

    it('tells that its peer left', async () => {
      const { peer, line } = await reach();
      line.send('leave');
      expect(await peer.end()).toEqual({ type: 'left' });
    });

    it('tells that its peer died, between two frames and inside one', async () => {
      const [between, within] = [await reach(), await reach()];
      between.line.send('die');
      within.line.send('die inside a frame');
      expect(await between.peer.end()).toEqual({ type: 'left' });
      expect(await within.peer.end()).toMatchObject({ type: 'broken', error: { code: 'FRAME_TRUNCATED' } });
      expect(within.peer.frames).toEqual([]);
    });

    it('tells once and never throws when its peer dies under what is sent to it', async () => {
      const { peer, line, child } = await reach();
      child.kill('SIGKILL');
      await until(() => {
        if (line.isOpen) line.send(Buffer.alloc(300_000));
        return !line.isOpen;
      });
      expect((await peer.end()).type).toMatch(/left|broken/);
      expect(() => line.send('late')).toThrow(/closed or closing/);
      await line.drained();
      line.close();
      line.destroy();
      expect(peer.ends).toHaveLength(1);
    });

    it('knows how much waits for a peer that does not read, and when that is gone', async () => {
      const { peer, line, child } = await reach();
      line.send('go deaf');
      await peer.frame(1);
      line.send(Buffer.alloc(4_000_000));
      let isDrained = false;
      const drained = line.drained().then(() => (isDrained = true));
      line.send('and a little more');
      expect([line.bufferedBytes > 1_000_000, isDrained]).toEqual([true, false]);
      child.stdin?.write('hear again');
      await drained;
      expect(line.bufferedBytes).toBe(0);
      expect(String(await peer.frame(3))).toBe('and a little more');
    });

    it('closes in order: what was sent arrives, and so do the answers', async () => {
      const { peer, line } = await reach();
      for (let i = 0; i < 200; i++) line.send(`${i} ${'x'.repeat(10_000)}`);
      line.close();
      expect(() => line.send('late')).toThrow(/closed or closing/);
      expect(await peer.end()).toEqual({ type: 'closed' });
      expect(peer.texts.map((text) => Number.parseInt(text))).toEqual(Array.from({ length: 200 }, (_, i) => i));
    });

    it('ends its peer when it is destroyed', async () => {
      const { peer, line, child } = await reach();
      line.destroy();
      expect(await peer.end()).toEqual({ type: 'closed' });
      await until(() => child.exitCode !== null);
    });
  });
}
