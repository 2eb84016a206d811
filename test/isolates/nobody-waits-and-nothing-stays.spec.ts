import { readdirSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { inProcess, provideWorkers, type WorkerInterceptor } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { numbers, rejection, start, startedOnce } from '../support/application.js';
import { atRest, KINDS } from '../support/isolates.js';
import { FROM_SOURCES } from '../support/sources.js';
import { Deeds, Doer } from './fixtures/doing.js';

describe.each(KINDS)('around a handler in a $kind', ({ dispatch }) => {
  let inside = 0;
  let before: Promise<unknown> = Promise.resolve();
  const around: WorkerInterceptor = {
    async handle(_message, _context, next) {
      inside++;
      try {
        await before;
        return await next();
      } finally {
        inside--;
      }
    },
  };
  const app = startedOnce({
    channels: [Deeds],
    providers: provideWorkers(Doer),
    use: [around],
    workers: { Doer: { dispatch: dispatch({ size: 1 }) } },
  });
  beforeEach(() => {
    before = Promise.resolve();
  });

  it('interceptors come to their end when their callers leave while the messages wait', async () => {
    const blocks = numbers(20).map(() => app().gateway.request(Doer, { does: 'block', ms: 20 }, { timeout: '30ms' }));
    const settled = await Promise.allSettled(blocks);
    expect(settled.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(10);
    await atRest(app(), 'Doer');
    await until(() => inside === 0);
  });

  it('one that calls on when its caller has left runs no handler', async () => {
    const counted = (await app().gateway.request(Doer, { does: 'count' })) as number;
    let goOn = (): void => {};
    before = new Promise<void>((resolve) => (goOn = resolve));
    const caller = new AbortController();
    const left = rejection(app().gateway.request(Doer, { does: 'count' }, { signal: caller.signal }));
    await until(() => inside === 1);
    caller.abort();
    await left;
    goOn();
    await until(() => inside === 0);
    expect(await app().gateway.request(Doer, { does: 'count' })).toBe(counted + 1);
  });
});

it.runIf(process.platform === 'linux')(
  'a child that the system refuses to begin leaves no descriptor open',
  async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    const set = { TOO_LARGE: 'x'.repeat(4_000_000) };
    const dispatch = inProcess({ execArgv: FROM_SOURCES, env: { set }, meet: 'named' });
    const error = await rejection(
      start({ channels: [Deeds], providers: provideWorkers(Doer), workers: { Doer: { dispatch } } }),
    );
    expect(error).toMatchObject({ code: 'ISOLATE_NOT_STARTED', cause: { code: 'E2BIG' } });
    await until(() => open() <= before);
  },
);
