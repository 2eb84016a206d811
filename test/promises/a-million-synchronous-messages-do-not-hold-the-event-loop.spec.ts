import { expect, it } from 'vitest';
import { channel, Worker, WorkerGateway } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { compile } from '../support/application.js';

const MESSAGES = 1_000_000;
const ROUNDS = 3;

const Jobs = channel<number>('jobs', { buffer: MESSAGES });

@Worker({ in: Jobs, expose: true })
class Digger {
  handle(_n: number): void {}
}

/**
 * How late a timer of 1 ms fires, again and again, until `isOver`; the 99th percentile in milliseconds. Counted in real time or, where
 * that is less, in the time for which this process had a core: while the machine runs others, nobody here holds the event loop.
 */
async function timerLateness(isOver: () => boolean): Promise<number> {
  const late: number[] = [];
  await new Promise<void>((resolve) => {
    const arm = (): void => {
      const [armedAt, ownArmedAt] = [performance.now(), ownMs()];
      setTimeout(() => {
        late.push(Math.min(performance.now() - armedAt, ownMs() - ownArmedAt) - 1);
        if (isOver()) resolve();
        else arm();
      }, 1);
    };
    arm();
  });
  late.sort((one, other) => one - other);
  return late[Math.ceil(late.length * 0.99) - 1] as number;
}

function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** One million messages whose handlers never leave the microtask queue, and a timer beside them. */
async function round(): Promise<number> {
  const { moduleRef, gateway } = await compile({ channels: [Jobs], providers: [Digger], autoStart: false });
  await moduleRef.init();
  fill(gateway);
  await gateway.start();
  const done = (): number => gateway.stats().workers['Digger']?.done ?? 0;
  expect(done()).toBeLessThan(MESSAGES);
  const lateness = await timerLateness(() => done() === MESSAGES);
  await until(() => done() === MESSAGES);
  await moduleRef.close();
  return lateness;
}

function fill(gateway: WorkerGateway): void {
  const jobs = gateway.channel(Jobs);
  for (let n = 0; n < MESSAGES; n++) jobs.next(n);
}

it('a timer of 1 ms beside a million queued messages is at most 10 ms late, 99 times in 100', async () => {
  // A collection of garbage that a million messages made before may fall into one round, not into every one; a library that held the
  // event loop would do so in every round.
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < ROUNDS && best > 10; n++) best = Math.min(best, await round());
  expect(best).toBeLessThanOrEqual(10);
});
