import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FrameReader } from './frame.reader.js';
import { FrameWriter } from './frame.writer.js';
import { FrameTooLargeError, MessageTooLargeError } from './socket.errors.js';

const MAX = 100_000;

/** What a frame is, in the fewest words. */
function frame(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body as string);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes.length);
  return Buffer.concat([header, bytes]);
}

/** `bytes` in pieces of the given sizes, over and over. */
function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function taken(writer: FrameWriter): Buffer[] {
  return writer.take().map(({ bytes }) => bytes as Buffer);
}

function read(reader: FrameReader, chunks: Iterable<Buffer>, maxBytes = MAX): Buffer[] {
  const bodies: Buffer[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let body = reader.next(maxBytes); body !== undefined; body = reader.next(maxBytes)) bodies.push(body);
  }
  return bodies;
}

const body = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }),
  // Around the lengths at which the writer changes its ways.
  fc.integer({ min: 5_450, max: 5_470 }).map((length) => '漢'.repeat(length)),
  fc.integer({ min: 16_370, max: 16_390 }).map((length) => Buffer.alloc(length, length)),
);
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 70_000 })), {
  minLength: 1,
  maxLength: 6,
});

afterEach(() => void vi.restoreAllMocks());

describe('frames', () => {
  it('that are written come out the same, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(body, { maxLength: 20 }), sizes, fc.nat(), (bodies, sizes, takeAt) => {
        const writer = new FrameWriter();
        const written: Uint8Array[] = [];
        for (const [i, body] of bodies.entries()) {
          if (i === takeAt % 20) written.push(...taken(writer));
          writer.add(body, MAX);
        }
        const waiting = writer.bytes;
        const rest = taken(writer);
        expect([waiting, writer.bytes]).toEqual([Buffer.concat(rest).length, 0]);
        const stream = Buffer.concat([...written, ...rest]);
        expect(stream.equals(Buffer.concat(bodies.map(frame)))).toBe(true);
        const reader = new FrameReader();
        const found = read(reader, cut(stream, sizes));
        expect(found.map((body) => body.toString('hex'))).toEqual(
          bodies.map((body) => Buffer.from(body as string).toString('hex')),
        );
        expect(reader.isInside).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('that are cut off are never given out, and the reader knows it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 30 }), { minLength: 1, maxLength: 6 }),
        sizes,
        fc.nat(),
        (bodies, sizes, at) => {
          const stream = Buffer.concat(bodies.map(frame));
          const end = at % stream.length;
          let [whole, length] = [0, 0];
          for (const { length: size } of bodies.map(frame)) {
            if (length + size > end) break;
            whole++;
            length += size;
          }
          const reader = new FrameReader();
          expect(read(reader, cut(stream.subarray(0, end), sizes))).toHaveLength(whole);
          expect(reader.isInside).toBe(length < end);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of garbage are refused or are frames; nothing else happens, and no more than the limit is held', () => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), sizes, (garbage, sizes) => {
        try {
          for (const body of read(new FrameReader(), cut(Buffer.from(garbage), sizes), 1_000)) {
            expect(body.length).toBeLessThanOrEqual(1_000);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FrameTooLargeError);
        }
      }),
      { numRuns: 500 },
    );
    for (const [bytes] of allocate.mock.calls) expect(bytes).toBeLessThanOrEqual(1_000);
  });
});

describe('the reader', () => {
  it('copies nothing of frames that lie inside one chunk', () => {
    const chunk = Buffer.concat(['first', '', 'second'].map(frame));
    const bodies = read(new FrameReader(), [chunk]);
    expect(bodies.map(String)).toEqual(['first', '', 'second']);
    expect(bodies.map(({ buffer, byteOffset }) => [buffer === chunk.buffer, byteOffset - chunk.byteOffset])).toEqual([
      [true, 4],
      [true, 13],
      [true, 17],
    ]);
  });

  it('puts ten megabytes in chunks of 64 KiB together once', () => {
    const stream = frame(Buffer.alloc(10_000_000, 'ten'));
    const chunks = [...cut(stream, [65_536])];
    const [allocate, concat] = [vi.spyOn(Buffer, 'allocUnsafeSlow'), vi.spyOn(Buffer, 'concat')];
    const copied = vi.spyOn(Buffer.prototype, 'copy');
    const [found] = read(new FrameReader(), chunks, 10_000_000);
    const copies = copied.mock.results.map(({ value }) => value as number);
    expect([allocate.mock.calls, concat.mock.calls.length]).toEqual([[[10_000_000]], 0]);
    expect(copies.reduce((sum, bytes) => sum + bytes, 0)).toBe(10_000_000);
    expect(found?.equals(stream.subarray(4))).toBe(true);
  });

  it('refuses a length above the limit before anything is allocated, and names both', () => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const reader = new FrameReader();
    reader.push(Buffer.from([0x00, 0x01, 0x00, 0x01]));
    const refused = { code: 'FRAME_TOO_LARGE', sizeBytes: 65_537, maxBytes: 65_536 };
    expect(() => reader.next(65_536)).toThrow(expect.objectContaining(refused));
    expect(() => reader.next(65_536)).toThrow(/65537 bytes .* limit is 65536/);
    expect(() => reader.next(Number.NaN)).toThrow(FrameTooLargeError);
    expect(allocate).not.toHaveBeenCalled();
  });
});

describe('the writer', () => {
  it('has small messages with their lengths in one buffer', () => {
    const writer = new FrameWriter();
    for (const body of ['{"a":1}', Buffer.from('bytes'), '']) writer.add(body, MAX);
    expect(taken(writer).map(String)).toEqual([['{"a":1}', 'bytes', ''].map((body) => String(frame(body))).join('')]);
  });

  it('copies no large bytes, and encodes a large text once, behind its length', () => {
    const writer = new FrameWriter();
    const [large, text] = [Buffer.alloc(50_000, 1), 'é'.repeat(25_000)];
    writer.add('small', MAX);
    writer.add(large, MAX);
    writer.add(text, MAX);
    const [before, bytes, encoded, ...rest] = taken(writer);
    expect([before?.length, bytes === large, rest]).toEqual([4 + 5 + 4, true, []]);
    expect(frame(text).equals(encoded as Buffer)).toBe(true);
  });

  it('never writes again to what was taken', () => {
    const writer = new FrameWriter();
    writer.add('first', MAX);
    const [first] = taken(writer);
    const before = String(first);
    for (let i = 0; i < 100; i++) writer.add('x'.repeat(1_000), MAX);
    expect(String(first)).toBe(before);
  });

  it.each([
    ['a short text', 'é'.repeat(6)],
    ['a long text', 'é'.repeat(40_000)],
    ['a few bytes', Buffer.alloc(12)],
    ['many bytes', Buffer.alloc(80_000)],
  ])('keeps no trace of %s above the limit', (_, large) => {
    const writer = new FrameWriter();
    writer.add('before', MAX);
    expect(() => writer.add(large, Buffer.byteLength(large) - 1)).toThrow(MessageTooLargeError);
    writer.add('after', MAX);
    expect(String(Buffer.concat(taken(writer)))).toBe(['before', 'after'].map((body) => String(frame(body))).join(''));
  });
});
