import { describe, expect, it } from 'vitest';
import { provideWorkers, WorkersStoppingError } from '@nestjs-workers/core';
import { leakCheck, until } from '@nestjs-workers/core/testing';
import { rejection, start } from '../support/application.js';
import { endings, entered, isolatesOf, KINDS, lives } from '../support/isolates.js';
import { Booter, Boots } from './fixtures/booting.js';

const DEADLINE_MS = 1_500;
/** What giving back gets where handlers took all of the deadline; and for a busy machine. */
const LAST_WORK_MS = 1_000 + 400;

describe.each(KINDS)('an application with a $kind', ({ dispatch, isThread }) => {
  const started = (STOP: string) =>
    start({
      channels: [Boots],
      providers: provideWorkers(Booter),
      workers: { Booter: { dispatch: dispatch({ crash: { attempts: 3 }, env: { set: { STOP } } }) } },
      shutdown: { deadline: DEADLINE_MS, abortGrace: '200ms' },
    });

  it.each([
    ['in which a timer still runs', '', 'echo'],
    ['whose stop hook hangs', 'hang', 'echo'],
    ['whose stop hook blocks', 'block', 'echo'],
    ['whose handler waits for ever', '', 'wait'],
    ['whose handler blocks', '', 'block'],
  ])('%s: closes within its deadline, tries nothing again and leaves nothing', async (_which, STOP, what) => {
    const nothingLeft = leakCheck();
    const app = await started(STOP);
    const pid = isolatesOf(app, 'Booter')[0]?.pid ?? 0;
    const asked = app.gateway.request(Booter, what);
    if (what === 'echo') expect(await asked).toBe('echo');
    const left = what === 'echo' ? undefined : rejection(asked);
    if (left !== undefined) await entered(app, 'Booter', 1);
    const startedAt = performance.now();
    await app.moduleRef.close();
    expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS + (what === 'echo' ? 400 : LAST_WORK_MS));
    if (left !== undefined) expect(await left).toBeInstanceOf(WorkersStoppingError);
    // The last word of one that was killed may come a moment after.
    await until(() => endings(app).length > 0);
    expect(endings(app)).toHaveLength(1);
    expect(app.workers.events('workers.isolate-ready')).toHaveLength(1);
    expect(app.workers.events('workers.fault')).toEqual([]);
    if (STOP === '' && what === 'echo') expect(endings(app)).toEqual(['exit code 0']);
    if (!isThread) expect(lives(pid)).toBe(false);
    await nothingLeft();
  });
});
