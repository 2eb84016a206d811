import { expect, it } from 'vitest';
import { channel, Worker, type WorkerContext } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { booksOf, sum } from '../support/books.js';
import { compute } from '../support/computing.js';
import { gate, numbers, start } from '../support/application.js';

const MESSAGES = 10_000;
const CONCURRENCY = 16;
const BLOCKING = 40;

type Kind = 'value' | 'later' | 'throw' | 'throw a string' | 'reject' | 'hang' | 'ignore' | 'block';
const KINDS: readonly Kind[] = ['value', 'later', 'throw', 'throw a string', 'reject', 'hang', 'ignore'];

const Jobs = channel<Kind>('jobs', { buffer: 512, putMode: 'block' });

const last = gate();
const inside = { now: 0, most: 0 };

@Worker({ in: Jobs, expose: true, concurrency: CONCURRENCY, timeout: 60 })
class Digger {
  readonly late: Promise<unknown>[] = [];

  handle(kind: Kind | 'full house', { signal }: WorkerContext): unknown {
    switch (kind) {
      case 'later':
        return new Promise((resolve) => setImmediate(resolve, 'gold'));
      case 'throw':
        throw new Error('no gold');
      case 'throw a string':
        throw 'no gold';
      case 'reject':
        return Promise.reject(new Error('no gold'));
      case 'hang':
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      case 'ignore':
        return last.opened;
      case 'block':
        return compute(30);
      case 'full house':
        inside.most = Math.max(inside.most, ++inside.now);
        return last.opened.then(() => inside.now--);
      default:
        return 'gold';
    }
  }
}

it('ten thousand messages end in every way there is, and then every permit is free', async () => {
  const { gateway, workers } = await start({
    channels: [Jobs],
    providers: [Digger],
    guard: 'fail',
    guardMs: 10,
    shutdown: { deadline: '2s', abortGrace: '1s' },
  });
  const settled = numbers(MESSAGES).map(() => 0);
  let requests = 0;
  const sent: Promise<unknown>[] = [];
  for (const n of numbers(MESSAGES)) {
    const isBlocking = n % Math.floor(MESSAGES / BLOCKING) === 0;
    // The two that hang until their timeout come a little less often, so that the test does not wait for nothing else.
    const kind = isBlocking ? 'block' : n % 70 < 2 ? (n % 2 === 0 ? 'hang' : 'ignore') : (KINDS[n % 5] as Kind);
    if (n % 2 === 0) {
      await gateway.command(Digger, kind);
      continue;
    }
    requests++;
    const note = (): unknown => settled[n]!++;
    sent.push(gateway.request(Digger, kind, { timeout: '1m' }).then(note, note));
    if (n % 100 === 99) await Promise.race([sent.at(-1), new Promise(setImmediate)]);
  }
  await Promise.all(sent);
  await workers.drain('20s');

  expect(sum(settled)).toBe(requests);
  expect(Math.max(...settled)).toBe(1);
  const { jobs } = gateway.stats().channels;
  expect(jobs).toMatchObject({ accepted: MESSAGES, taken: MESSAGES, depth: 0, pendingPuts: 0, refused: 0, drops: {} });
  const { inFlight, unsettled, done, failed } = gateway.stats().workers['Digger'] ?? {};
  expect([inFlight, unsettled]).toEqual([0, 0]);
  expect(booksOf(gateway.stats(), 'jobs', ['Digger'])).toEqual({ accepted: MESSAGES, accountedFor: MESSAGES });
  expect(done).toBeGreaterThan(1_000);
  for (const kind of ['handler_error', 'handler_timeout', 'handler_blocked'] as const)
    expect(failed?.[kind]).toBeGreaterThan(0);

  for (let n = 0; n < CONCURRENCY + 1; n++) await gateway.command('Digger', 'full house');
  await until(() => inside.now === CONCURRENCY);
  expect(gateway.stats()).toMatchObject({
    workers: { Digger: { inFlight: CONCURRENCY } },
    channels: { jobs: { depth: 1 } },
  });
  last.open();
  await workers.drain();
  expect(inside).toEqual({ now: 0, most: CONCURRENCY });
  expect(gateway.stats().workers['Digger']?.inFlight).toBe(0);
});
