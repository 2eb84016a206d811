import { finalize } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { boot } from '../testing/fixtures/boot.js';
import { calm, gate, rejection } from '../testing/fixtures/promises.js';
import type { WorkerContext } from '../worker/worker.context.js';
import { Worker } from '../worker/worker.decorator.js';
import type { WorkersError } from '../workers.error.js';
import type { Reply } from './reply.js';

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
  const { gateway, workers } = await boot({ channels: [Files], providers: [Uploader] });
  return { gateway, workers, Uploader, open: step.open };
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

  it.each(['answered', 'refused'])(
    'that is %s survives a subscriber that throws on its way out, which is told',
    async (how) => {
      const { gateway, Uploader, open, workers } = await uploading();
      const leaving = new AbortController();
      const ask = (): Reply<string> => gateway.request(Uploader, 'good', { signal: leaving.signal });
      const [first, second] = [ask(), ask()];
      const wayOut = finalize<unknown>(() => {
        throw new Error('cannot take it down');
      });
      first.progress$.pipe(wayOut).subscribe();
      const beside: string[] = [];
      first.progress$.subscribe({ complete: () => beside.push('complete') });
      if (how === 'answered') open();
      else leaving.abort();
      const said = (reply: Reply<string>) => reply.catch((error: unknown) => (error as WorkersError).code);
      const expected = how === 'answered' ? 'good' : 'REQUEST_ABORTED';
      expect([await said(first), await said(second)]).toEqual([expected, expected]);
      expect(workers.events('workers.fault')).toHaveLength(1);
      expect(beside).toEqual(['complete']);
    },
  );
});
