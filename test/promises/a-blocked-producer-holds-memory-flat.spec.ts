import { expect, it } from 'vitest';
import { channel, Worker, type WorkerGateway } from '@nestjs-workers/core';
import { compile } from '../support/application.js';
import { bytesAlive } from '../support/heap.js';

const MESSAGES = 200_000;

const Jobs = channel<object>('jobs', { buffer: 8, putMode: 'block' });

@Worker({ in: Jobs, expose: true, concurrency: 2 })
class Digger {
  dug = 0;

  async handle(_job: object): Promise<void> {
    await null;
    this.dug++;
  }
}

/** Sends as fast as it is let, and looks again and again at how much lies in the channel. */
async function produce(gateway: WorkerGateway, count: number): Promise<number> {
  let most = 0;
  for (let n = 0; n < count; n++) {
    await gateway.command(Digger, { n, load: [n, n, n, n] });
    if (n % 1_000 === 0) most = Math.max(most, gateway.stats().channels['jobs']?.depth ?? 0);
  }
  return most;
}

it('200,000 messages through a channel of 8 leave no more behind than the first thousand did', async () => {
  const { moduleRef, gateway } = await compile({ channels: [Jobs], providers: [Digger] });
  await moduleRef.init();
  await produce(gateway, 10_000);
  const before = await bytesAlive();
  const most = await produce(gateway, MESSAGES);
  const grownBy = (await bytesAlive()) - before;
  expect(most).toBeLessThanOrEqual(8);
  expect(gateway.stats().channels['jobs']).toMatchObject({ accepted: MESSAGES + 10_000, drops: {}, refused: 0 });
  // Five bytes a message: the least that could leak is a pointer, which is eight.
  expect(grownBy).toBeLessThan(1_000_000);
});

it('ten senders that all wait hold no more than the channel, the permits and one message each', async () => {
  const { moduleRef, gateway } = await compile({ channels: [Jobs], providers: [Digger] });
  await moduleRef.init();
  const before = await bytesAlive();
  await Promise.all(Array.from({ length: 10 }, () => produce(gateway, MESSAGES / 20)));
  expect((await bytesAlive()) - before).toBeLessThan(1_000_000);
  expect(gateway.stats().channels['jobs']).toMatchObject({ accepted: MESSAGES / 2, depth: 0, pendingPuts: 0 });
});
