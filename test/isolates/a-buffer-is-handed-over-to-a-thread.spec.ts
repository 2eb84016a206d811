import { describe, expect, it } from 'vitest';
import { provideWorkers } from '@nestjs-workers/core';
import { startedOnce } from '../support/application.js';
import { Drawn, Inverter } from './fixtures/pixels.js';

describe('a buffer that transfer names', () => {
  const app = startedOnce({ channels: [Drawn], providers: provideWorkers(Inverter) });

  it('arrives in the thread and is gone at the sender; so is the one that comes back', async () => {
    const pixels = new Uint8Array(1_048_576).fill(200);
    const inverted = (await app().gateway.request(Inverter, pixels)) as Uint8Array;
    expect([pixels.byteLength, pixels.buffer.byteLength]).toEqual([0, 0]);
    expect(inverted.length).toBe(1_048_576);
    expect(inverted.every((level) => level === 55)).toBe(true);
    expect(await app().gateway.request(Inverter, new Uint8Array())).toEqual(new Uint8Array([0]));
  });

  it('is copied where transfer does not name it, and its sender keeps it', async () => {
    const pixel = new Uint8Array([200]);
    expect(await app().gateway.request(Inverter, pixel)).toEqual(new Uint8Array([55]));
    expect(pixel).toEqual(new Uint8Array([200]));
  });
});
