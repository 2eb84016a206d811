import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { cpuMs } from '../guard/fixtures/load.js';
import { boot } from '../testing/fixtures/boot.js';
import { calm, gate } from '../testing/fixtures/promises.js';
import { HeldClock } from '../testing/held.clock.js';
import { Worker } from './worker.decorator.js';

const KINDS = ['value', 'later', 'throw', 'throw a string', 'reject', 'hang', 'caller leaves', 'block'] as const;
type Kind = (typeof KINDS)[number];

const HOW_MANY = 10_000;
/** A few block the event loop; each costs the test that time. */
const kindOf = (n: number): Kind => (n % 100 === 99 ? 'block' : (KINDS[n % 7] as Kind));

/** Holds the event loop for so much of its own time. */
function block(ms: number): void {
  const startedAt = cpuMs();
  while (cpuMs() - startedAt < ms);
}

const Jobs = channel<Kind>('jobs', { buffer: HOW_MANY });

describe('10,000 messages of mixed outcomes', () => {
  it(
    'leave every permit free, every request settled and every message in one account',
    { timeout: 30_000 },
    async () => {
      const { opened: theEnd, open: end } = gate();
      @Worker({ in: Jobs, expose: true, concurrency: 16, timeout: '1s' })
      class Mixed {
        handle(kind: Kind): unknown {
          switch (kind) {
            case 'value':
              return 1;
            case 'later':
              return Promise.resolve(1).then((one) => one + 1);
            case 'throw':
              throw new Error('thrown');
            case 'throw a string':
              throw 'a string';
            case 'reject':
              return Promise.reject(new Error('rejected'));
            case 'hang':
            case 'caller leaves':
              return theEnd;
            case 'block':
              return block(2);
            default:
              return undefined;
          }
        }
      }
      const clock = new HeldClock();
      const { gateway, workers } = await boot({
        channels: [Jobs],
        providers: [Mixed],
        clock,
        guard: 'report',
        guardMs: 1,
      });
      const settled = { done: 0, refused: 0 };
      let requests = 0;
      for (let n = 0; n < HOW_MANY; n++) {
        const kind = kindOf(n);
        if (n % 2 === 0) {
          await gateway.command(Mixed, kind);
          continue;
        }
        requests++;
        const caller = new AbortController();
        gateway.request(Mixed, kind, { timeout: '24h', signal: caller.signal }).then(
          () => settled.done++,
          () => settled.refused++,
        );
        if (kind === 'caller leaves') setImmediate(() => caller.abort());
      }
      while (settled.done + settled.refused < requests || gateway.stats().workers['Mixed']?.inFlight !== 0)
        await clock.advance('1s');

      const { workers: w, channels: c } = gateway.stats();
      const jobs = c['jobs'] as NonNullable<(typeof c)[string]>;
      const mixed = w['Mixed'] as NonNullable<(typeof w)[string]>;
      const failed = Object.values(mixed.failed).reduce((sum, count) => sum + count, 0);
      const { drops } = jobs;
      expect(jobs).toMatchObject({ depth: 0, pendingPuts: 0, accepted: HOW_MANY, refused: 0 });
      expect(jobs.taken + (drops.expired ?? 0)).toBe(HOW_MANY);
      expect(mixed.done + failed + mixed.aborted).toBe(jobs.taken);
      expect(mixed).toMatchObject({ inFlight: 0, unsettled: 0, lost: 0 });
      expect(settled.done + settled.refused).toBe(requests);

      const count = (...kinds: Kind[]) =>
        Array.from({ length: HOW_MANY }, (_, n) => kindOf(n)).filter((kind) => kinds.includes(kind)).length;
      expect(mixed.done).toBe(count('value', 'later', 'block'));
      expect(mixed.failed.handler_error).toBe(count('throw', 'throw a string', 'reject'));
      expect(workers.events('workers.blocked').length).toBeGreaterThan(0);

      const free = await Promise.all(Array.from({ length: 16 }, () => gateway.request(Mixed, 'value')));
      expect(free).toHaveLength(16);
      const before = gateway.stats().workers['Mixed'];
      end();
      await calm();
      expect(gateway.stats().workers['Mixed']).toEqual(before);
      const given = (mixed.failed.handler_timeout ?? 0) + mixed.aborted;
      expect(workers.events('workers.late')).toHaveLength(given);
    },
  );
});
