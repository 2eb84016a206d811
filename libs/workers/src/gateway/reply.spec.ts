import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { boot } from '../testing/fixtures/boot.js';
import { calm, gate, rejection } from '../testing/fixtures/promises.js';
import type { WorkerContext } from '../worker/worker.context.js';
import { Worker } from '../worker/worker.decorator.js';

const Files = channel<string>('files', { buffer: 4 });

async function uploading() {
  const step = gate();
  @Worker({ in: Files, expose: true })
  class Uploader {
    async handle(file: string, context: WorkerContext): Promise<string> {
      context.progress(`${file} 10 %`);
      await step.opened;
      context.progress(`${file} 90 %`);
      if (file === 'bad') throw new Error('disk full');
      return file;
    }
  }
  const { gateway } = await boot({ channels: [Files], providers: [Uploader] });
  return { gateway, Uploader, open: step.open };
}

describe('a reply', () => {
  it('is a promise of the value', async () => {
    const { gateway, Uploader, open } = await uploading();
    const reply = gateway.request(Uploader, 'good');
    expect(reply).toBeInstanceOf(Promise);
    open();
    expect(await reply).toBe('good');
  });

  it('shows progress, and completes it when it settles', async () => {
    const { gateway, Uploader, open } = await uploading();
    const reply = gateway.request(Uploader, 'good');
    const told: unknown[] = [];
    reply.progress$.subscribe({ next: (step) => told.push(step), complete: () => told.push('complete') });
    await calm();
    open();
    await reply;
    expect(told).toEqual(['good 10 %', 'good 90 %', 'complete']);
  });

  it('completes the progress, and does not fail it, when the handler throws', async () => {
    const { gateway, Uploader, open } = await uploading();
    const reply = gateway.request(Uploader, 'bad');
    const told: unknown[] = [];
    reply.progress$.subscribe({
      error: () => told.push('error'),
      complete: () => told.push('complete'),
    });
    open();
    await rejection(reply);
    expect(told).toEqual(['complete']);
  });

  it('shows progress from the moment of subscribing', async () => {
    const { gateway, Uploader, open } = await uploading();
    const reply = gateway.request(Uploader, 'good');
    await calm();
    const told: unknown[] = [];
    reply.progress$.subscribe((step) => told.push(step));
    open();
    await reply;
    reply.progress$.subscribe({ next: () => told.push('more'), complete: () => told.push('complete at once') });
    expect(told).toEqual(['good 90 %', 'complete at once']);
  });

  it('survives a subscriber of its progress that throws', async () => {
    const { gateway, Uploader, open } = await uploading();
    const reply = gateway.request(Uploader, 'good');
    reply.progress$.subscribe(() => {
      throw new Error('cannot draw');
    });
    open();
    expect(await reply).toBe('good');
  });
});
