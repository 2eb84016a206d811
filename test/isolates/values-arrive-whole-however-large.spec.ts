import { describe, expect, it } from 'vitest';
import { MessageTooLargeError, provideWorkers, v8Serializer } from '@nestjs-workers/core';
import { numbers, rejection, startedOnce } from '../support/application.js';
import { isolatesOf, type Kind, KINDS, PROCESS } from '../support/isolates.js';
import { Deeds, Doer } from './fixtures/doing.js';
import { GateKeeper, Gates, openGate } from './fixtures/gates.js';

const MB = 1_048_576;

/** The v8 pair is one of ours, so the isolate finds it by its name. */
const V8: Kind = {
  ...PROCESS,
  kind: 'process that writes with the structured clone',
  dispatch: (options) => PROCESS.dispatch({ ...options, serializer: v8Serializer() }),
};

describe.each([...KINDS, V8])('to a $kind and back', ({ dispatch, isThread }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { dispatch: dispatch() } },
  });
  const echo = (value: unknown) => app().gateway.request(Doer, { does: 'echo', value });

  it('10 MB of text', async () => {
    const text = 'ten megabytes '.repeat((10 * MB) / 14);
    expect((await echo(text)) === text).toBe(true);
  });

  it('emoji and other characters of several bytes, wherever chunks are cut', async () => {
    // One byte more each time, so that every offset of a character comes to lie on a border.
    for (const shift of numbers(5)) {
      const text = 'a'.repeat(shift) + '😀é漢'.repeat(100_000);
      expect((await echo(text)) === text).toBe(true);
    }
  });

  it('what JSON does not keep: dates, maps, sets, big integers, bytes, undefined, NaN', async () => {
    const value = {
      at: new Date(7),
      map: new Map([['a', new Set([1n])]]),
      bytes: Buffer.from([0, 255, 1]),
      typed: new Float64Array([1.5, -0]),
      nothing: undefined,
      none: Number.NaN,
      pattern: /x/giu,
    };
    expect(await echo(value)).toEqual(value);
    const { bytes } = (await echo(value)) as typeof value;
    expect(Buffer.isBuffer(bytes)).toBe(true);
  });

  it.skipIf(isThread)('256 MB is refused by its size to its sender, and the isolate lives', async () => {
    const before = isolatesOf(app(), 'Doer')[0]?.pid;
    const error = await rejection(app().gateway.request(Doer, { does: 'measure', value: 'x'.repeat(256 * MB) }));
    expect(error).toBeInstanceOf(MessageTooLargeError);
    expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', maxBytes: 64 * MB });
    expect(error['sizeBytes']).toBeGreaterThanOrEqual(256 * MB);
    expect(await echo('alive')).toBe('alive');
    expect(isolatesOf(app(), 'Doer')[0]?.pid).toBe(before);
  });

  it.skipIf(isThread)('a result that is too large fails its own message, and the isolate lives', async () => {
    const before = isolatesOf(app(), 'Doer')[0]?.pid;
    const error = await rejection(app().gateway.request(Doer, { does: 'grow', characters: 65 * MB }));
    expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', maxBytes: 64 * MB });
    expect(await echo('alive')).toBe('alive');
    expect(isolatesOf(app(), 'Doer')[0]?.pid).toBe(before);
  });
});

describe('to a process that takes 64 KB at once', () => {
  const app = startedOnce({
    channels: [Deeds, Gates],
    providers: [...provideWorkers(Doer), GateKeeper],
    workers: { Doer: { dispatch: PROCESS.dispatch({ maxMessageBytes: 65_536 }) } },
  });

  it('what its handler asked for fails in the handler when it is larger, and nothing else does', async () => {
    openGate('large', 'x'.repeat(100_000));
    const error = await rejection(app().gateway.request(Doer, { does: 'wait for', gate: 'large' }));
    expect(error).toMatchObject({ code: 'HANDLER_FAILED', cause: { code: 'MESSAGE_TOO_LARGE' } });
    expect(await app().gateway.request(Doer, { does: 'echo', value: 'next' })).toBe('next');
    expect(isolatesOf(app(), 'Doer')).toMatchObject([{ name: 'Doer#1' }]);
  });
});
