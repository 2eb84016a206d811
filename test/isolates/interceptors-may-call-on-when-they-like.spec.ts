import { setTimeout as passes } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { provideWorkers, type WorkerInterceptor } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { rejection, start } from '../support/application.js';
import { atRest, entered, isolatesOf, type Kind, KINDS } from '../support/isolates.js';
import { type Deed, Deeds, Doer } from './fixtures/doing.js';

/** One isolate behind one permit, which takes a second message while the first one's handler goes on. */
async function doing({ dispatch }: Kind, around: NonNullable<WorkerInterceptor['handle']>, timeout: '300ms' | '20s') {
  const app = await start({
    channels: [Deeds],
    providers: provideWorkers(Doer),
    use: [{ handle: around }],
    workers: {
      Doer: { dispatch: dispatch({ size: 1, concurrency: 4, restart: { delay: '1ms' } }), concurrency: 1, timeout },
    },
  });
  await atRest(app, 'Doer');
  const caller = new AbortController();
  const asked = (deed: Deed) => rejection(app.gateway.request(Doer, deed, { signal: caller.signal }));
  const handled = (): number | undefined => isolatesOf(app, 'Doer')[0]?.handled;
  return { ...app, asked, handled, leave: () => caller.abort() };
}

/** Calls on, and once more when it is told to. */
function retrying() {
  const seen = { inside: 0, waits: 0 };
  let goOn = (): void => {};
  const again = new Promise<void>((resolve) => (goOn = resolve));
  const around: NonNullable<WorkerInterceptor['handle']> = async (_message, _context, next) => {
    seen.inside++;
    try {
      return await next().catch(async () => {
        seen.waits++;
        await again;
        return next();
      });
    } finally {
      seen.inside--;
    }
  };
  return { around, seen, goOn: () => goOn() };
}

describe.each(KINDS)('around a handler in a $kind, one that tries again', (kind) => {
  it('runs no handler when its caller left between two tries', async () => {
    const { around, seen, goOn } = retrying();
    const { asked, handled, leave } = await doing(kind, around, '20s');
    const left = asked({ does: 'throw', what: 'an error' });
    await until(() => seen.waits === 1);
    leave();
    expect(await left).toMatchObject({ code: 'REQUEST_ABORTED' });
    goOn();
    await until(() => seen.inside === 0);
    expect(handled()).toBe(1);
  });

  it('comes to its end when the second try hangs', async () => {
    const { around, seen, goOn } = retrying();
    const deed: { does: string; what: string } = { does: 'throw', what: 'an error' };
    const { asked } = await doing(kind, around, '300ms');
    const failed = asked(deed as Deed);
    await until(() => seen.waits === 1);
    deed.does = 'wait for ever';
    goOn();
    expect(await failed).toMatchObject({ code: 'HANDLER_TIMEOUT' });
    await until(() => seen.inside === 0, '10s');
  });
});

describe.each(KINDS)('around a handler in a $kind, one that gives a try up and calls on', (kind) => {
  /** Gives the first try up when `over` says so, waits for `then`, and tries `deed` as it is by then. */
  const givingUp =
    (over: () => Promise<unknown>, then: () => Promise<unknown>): NonNullable<WorkerInterceptor['handle']> =>
    async (_message, _context, next) => {
      const first = next();
      first.catch(() => {});
      await Promise.race([first, over()]);
      await then();
      return next();
    };

  it('gets what the second try comes to, whatever the first one does meanwhile', async () => {
    const deed = { does: 'take', ms: 300, value: 1 };
    const { gateway } = await doing(
      kind,
      givingUp(
        () => passes(100),
        async () => void Object.assign(deed, { ms: 800, value: 2 }),
      ),
      '20s',
    );
    expect(await gateway.request(Doer, deed as Deed)).toBe(2);
  });

  it('runs no second handler when its caller left while the first one goes on', async () => {
    let goOn = (): void => {};
    const again = new Promise<void>((resolve) => (goOn = resolve));
    let isWaiting = false;
    const then = (): Promise<void> => {
      isWaiting = true;
      return again;
    };
    let giveUp = (): void => {};
    const over = new Promise<void>((resolve) => (giveUp = resolve));
    const { asked, gateway, workers, handled, leave } = await doing(
      kind,
      givingUp(() => over, then),
      '20s',
    );
    const left = asked({ does: 'block', ms: 500 });
    await entered({ workers }, 'Doer', 1);
    giveUp();
    await until(() => isWaiting);
    leave();
    expect(await left).toMatchObject({ code: 'REQUEST_ABORTED' });
    goOn();
    await atRest({ gateway }, 'Doer');
    expect(handled()).toBe(1);
  });
});

describe.each(KINDS)('around a handler in a $kind, one that answers while that goes on', (kind) => {
  it('leaves it the time that a handler has, and no more', async () => {
    const { gateway, workers } = await doing(
      kind,
      async ({ payload }, _context, next) =>
        (payload as Deed).does === 'echo' ? next() : Promise.race([next(), passes(100, 'stale')]),
      '300ms',
    );
    expect(await gateway.request(Doer, { does: 'wait for ever' })).toBe('stale');
    const ended = await workers.next('workers.isolate-ended', {}, '10s');
    expect(ended).toMatchObject({ why: 'a handler went on after its time was up' });
    expect(await gateway.request(Doer, { does: 'echo', value: 1 })).toBe(1);
  });

  it('is not disturbed by the caller of the next message, who leaves', async () => {
    let goOn = (): void => {};
    const opened = new Promise<void>((resolve) => (goOn = resolve));
    const came: unknown[] = [];
    let isWaiting = false;
    const { asked, gateway, handled, leave } = await doing(
      kind,
      async ({ payload }, _context, next) => {
        const { does } = payload as Deed;
        if (does === 'block') {
          void next().then(
            (value) => came.push(value),
            (error: unknown) => came.push(error),
          );
          return 'stale';
        }
        isWaiting = does === 'count';
        if (isWaiting) await opened;
        return next();
      },
      '20s',
    );
    expect(await gateway.request(Doer, { does: 'block', ms: 500 })).toBe('stale');
    const left = asked({ does: 'count' });
    await until(() => isWaiting);
    leave();
    await left;
    goOn();
    await until(() => came.length > 0);
    expect(came).toEqual([undefined]);
    expect(await gateway.request(Doer, { does: 'echo', value: 3 })).toBe(3);
    expect(handled()).toBe(2);
  });

  it('does not begin the time of the next message, whose handler is not entered yet', async () => {
    const { gateway } = await doing(
      kind,
      async ({ payload }, _context, next) => {
        if ((payload as Deed).does === 'tell') {
          void next();
          return 'stale';
        }
        await passes(600);
        return next();
      },
      '300ms',
    );
    const both = [gateway.request(Doer, { does: 'tell' }), gateway.request(Doer, { does: 'echo', value: 2 })];
    expect(await Promise.all(both)).toEqual(['stale', 2]);
  });

  it('is refused when it calls on after its end, and takes nothing from the next message', async () => {
    let goOn = (): void => {};
    const opened = new Promise<void>((resolve) => (goOn = resolve));
    let late: Promise<unknown> = Promise.resolve();
    const { asked, gateway, leave, workers } = await doing(
      kind,
      async ({ payload }, _context, next) => {
        if ((payload as Deed).does !== 'tell') return next();
        late = rejection(opened.then(next));
        return 'stale';
      },
      '20s',
    );
    await gateway.request(Doer, { does: 'tell' });
    workers.clear();
    const left = asked({ does: 'wait for the signal' });
    await workers.next('workers.started');
    goOn();
    expect(await late).toMatchObject({ message: 'next() was called after the interceptor had come to its end' });
    leave();
    await left;
    await atRest({ gateway }, 'Doer');
  });
});
