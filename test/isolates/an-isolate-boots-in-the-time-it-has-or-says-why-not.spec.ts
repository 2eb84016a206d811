import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  ConfigurationError,
  HandlerNotExportedError,
  inProcess,
  inThread,
  IsolateStartError,
  provideWorkers,
} from '@nestjs-workers/core';
import { leakCheck, until } from '@nestjs-workers/core/testing';
import { type Blueprint, rejection, start } from '../support/application.js';
import { isolatesOf, type Kind, KINDS, NAMED, PROCESS, THREAD, withoutLastWords } from '../support/isolates.js';
import { Booter, Boots, Elsewhere, Engine, hidden } from './fixtures/booting.js';

withoutLastWords();

const booter = ({ dispatch }: Kind, set: Record<string, string>, more = {}): Blueprint => ({
  channels: [Boots],
  providers: provideWorkers(Booter),
  workers: { Booter: { dispatch: dispatch({ env: { set }, ...more }) } },
});

const attach = { path: '/tmp/attach', token: 'a token that nobody guesses' };
const startsNone = (option: string): RegExp =>
  new RegExp(
    `workers\\.Booter\\.dispatch\\.${option}: .* attach says that something else starts it\\. Give it to whatever does`,
  );

describe('a start', () => {
  // One after the other: three at once on two cores take their time from each other.
  it.each([THREAD, PROCESS, NAMED])('in a $kind that takes 5 s succeeds: 10 s is what an isolate has', async (kind) => {
    const startedAt = performance.now();
    const { gateway, workers } = await start(booter(kind, { BOOT_MS: '5000' }));
    expect(performance.now() - startedAt).toBeGreaterThan(5_000);
    const [ready] = workers.events('workers.isolate-ready');
    expect(ready?.startMs).toBeGreaterThan(5_000);
    expect(await gateway.request(Booter, 'echo')).toBe('echo');
  });

  it.each([THREAD, PROCESS, NAMED])(
    'in a $kind that takes too long is refused in time, and leaves nothing',
    async (kind) => {
      const nothingLeft = leakCheck();
      const startedAt = performance.now();
      const error = await rejection(start(booter(kind, { BOOT_MS: '60000' }, { startupTimeout: '2s' })));
      const tookMs = performance.now() - startedAt;
      expect(error).toBeInstanceOf(IsolateStartError);
      expect(error.message).toMatch(/Booter#1 of worker "Booter" could not be started: .*2000 ms.*startupTimeout/);
      expect(tookMs).toBeGreaterThan(1_900);
      expect(tookMs).toBeLessThan(5_000);
      await nothingLeft();
    },
  );

  it.each([
    ['no module', THREAD, /nowhere/],
    ['no provider', PROCESS, /can't resolve dependencies of the Booter/],
    ['fail', NAMED, /the engine is cold/],
    ['exit', PROCESS, /ended while it was booting: exit code 5/],
  ] as const)('that comes to nothing (%s) says why, and leaves nothing', async (BOOT, kind, why) => {
    const nothingLeft = leakCheck();
    const error = await rejection(start(booter(kind, { BOOT }, { size: 2 })));
    expect(error).toMatchObject({ code: 'ISOLATE_NOT_STARTED', worker: 'Booter' });
    expect(error.message).toMatch(why);
    await nothingLeft();
  });

  it('whose handler is not exported, or stands in no file, names class, file and what is there', async () => {
    const Hidden = hidden();
    const notExported = await rejection(start({ channels: [Boots], providers: provideWorkers(Hidden) }));
    expect(notExported).toBeInstanceOf(HandlerNotExportedError);
    expect(notExported.message).toMatch(/Hidden .*booting\.ts.* exports no such class/);
    const nowhere = await rejection(start({ channels: [Boots], providers: provideWorkers(Elsewhere) }));
    expect(nowhere).toMatchObject({ code: 'HANDLER_NOT_EXPORTED', className: 'Elsewhere' });
    expect(nowhere.message).toMatch(/nowhere\.js.*There is no such file/);
  });

  it('of an application that would construct the handler here is refused, with the line to write', async () => {
    const error = await rejection(start({ channels: [Boots], providers: [Booter, Engine] }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain('Provide it with ...provideWorkers(Booter)');
  });

  it.each([
    ['an option that does not exist', inProcess({ detached: true } as never), /detached/],
    ['a size and two bounds', inThread({ size: 2, maxSize: 3 }), /size: says both minSize and maxSize/],
    ['a lower bound above the upper', inThread({ minSize: 3, maxSize: 2 }), /minSize: cannot be above maxSize/],
    ['more handlers than messages', inThread({ concurrency: 65 }), /concurrency: cannot be above window/],
    ['no time to boot', inThread({ startupTimeout: -1 }), /startupTimeout/],
    ['no attempts', inProcess({ crash: { attempts: 0 } }), /crash: expected 'reject', or \{ attempts: 3 \}/],
    ['a token that can be guessed', inProcess({ attach: { path: '/tmp/x', token: 'short' } }), /attach/],
    ['a file for a process that attaches', inProcess({ attach, entry: 'a.js' }), startsNone('entry')],
    ['a meeting with it', inProcess({ attach, meet: 'named' }), startsNone('meet')],
    ['a heap for it', inProcess({ attach, maxHeapMb: 96 }), startsNone('maxHeapMb')],
    ['an environment for it', inProcess({ attach, env: {} }), startsNone('env')],
    ['arguments for it', inProcess({ attach, execArgv: [] }), startsNone('execArgv')],
    ['two of it at one path', inProcess({ attach, size: 2 }), /dispatch\.size: cannot be above 1 with attach/],
    ['up to two of it', inProcess({ attach, maxSize: 2 }), /dispatch\.maxSize: .* got 2\. Leave it out/],
  ])('with %s is refused before anything boots', async (_what, dispatch, says) => {
    const workers = { Booter: { dispatch } };
    const error = await rejection(start({ channels: [Boots], providers: provideWorkers(Booter), workers }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(says);
  });
});

describe.each(KINDS)('a $kind that cannot boot again after a crash', (kind) => {
  it('is tried again with backoff until the breaker opens, which says why; once it can, it lives', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'boot-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const flag = join(directory, 'cold');
    const restart = { delay: '1ms', maxDelay: '1ms', crashes: 2, pause: '100ms' };
    const app = await start(booter(kind, { BOOT_UNLESS: flag }, { restart }));
    await writeFile(flag, '');
    const lost = rejection(app.gateway.request(Booter, 'exit'));
    const waiting = rejection(app.gateway.request(Booter, 'echo'));
    expect(await lost).toMatchObject({ code: 'ISOLATE_CRASHED' });
    expect(await waiting).toMatchObject({ code: 'ISOLATE_CRASH_LOOP', worker: 'Booter' });
    expect((await waiting).message).toContain('the engine is cold');
    await rm(flag);
    await until(() => isolatesOf(app, 'Booter').some(({ state }) => state === 'idle'), '15s');
    expect(await app.gateway.request(Booter, 'echo')).toBe('echo');
  });

  it('in its time is ended, and another one is started', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'boot-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const flag = join(directory, 'slow');
    const restart = { delay: '1ms', maxDelay: '1ms' };
    const app = await start(booter(kind, { BOOT_SLOW_IF: flag }, { restart, startupTimeout: '10s' }));
    await writeFile(flag, '');
    const lost = rejection(app.gateway.request(Booter, 'exit'));
    const waiting = app.gateway.request(Booter, 'echo');
    expect(await lost).toMatchObject({ code: 'ISOLATE_CRASHED' });
    const slow = () => app.workers.events('workers.isolate-ended').find(({ why }) => why === 'was not ready in time');
    await until(() => slow() !== undefined, '30s');
    await rm(flag);
    expect(await waiting).toBe('echo');
  }, 90_000);
});
