import { Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { channel } from './channel/channel.declaration.js';
import { ConfigurationError } from './option.table.js';
import { type Blueprint, compile } from './testing/fixtures/boot.js';
import { rejection } from './testing/fixtures/promises.js';
import { Ticker } from './ticker/ticker.decorator.js';
import { Worker } from './worker/worker.decorator.js';
import { WorkersModule } from './workers.module.js';

const Uploads = channel<string>('uploads', { buffer: 4 });

@Worker({ in: Uploads })
class Resizer {
  handle(_upload: string): void {}
}

/** What is said to be wrong when an application like this starts. */
async function problemsOf(blueprint: Blueprint): Promise<readonly string[]> {
  const moduleRef = await compile(blueprint);
  const error = await rejection(moduleRef.init());
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as unknown as ConfigurationError).problems;
}

/** A worker class with these options. */
function worker(options: object) {
  class Made {
    handle(_upload: string): void {}
  }
  Worker({ in: Uploads, name: 'Made', ...options })(Made);
  return Made;
}

function ticker(options: object) {
  class Tick {
    tick(): void {}
  }
  Ticker(options)(Tick);
  return Tick;
}

it('is told of every payload class that cannot be checked, with all else that is wrong', async () => {
  class Bare {}
  class Blank {}
  const channels = [channel('one', { payload: Bare }), channel('other', { payload: Blank })];
  expect(await problemsOf({ channels, providers: [Resizer] })).toEqual([
    expect.stringContaining('channels.one.payload: Bare has no decorators'),
    expect.stringContaining('channels.other.payload: Blank has no decorators'),
    expect.stringContaining('workers.Resizer.in: Channel "uploads"'),
  ]);
});

describe('an application that is configured wrongly does not start:', () => {
  class NoHandle {}
  Worker({ in: Uploads, name: 'NoHandle' })(NoHandle as never);
  class NoTick {}
  Ticker({ every: '1s', name: 'NoTick' })(NoTick as never);
  const Other = channel('others');

  const wrong: [string, Blueprint, string | RegExp][] = [
    [
      'an undeclared channel',
      { providers: [Resizer] },
      'workers.Resizer.in: Channel "uploads" was asked for and is not declared. None is known. Declare it in forRoot({ channels: [...] }) or forFeature.',
    ],
    [
      'an undeclared channel with a near miss',
      { channels: [Uploads], providers: [worker({ out: 'uplaods' })] },
      'workers.Made.out: Channel "uplaods" was asked for and is not declared. Known: "uploads". Did you mean "uploads"? Declare it in forRoot({ channels: [...] }) or forFeature.',
    ],
    [
      'an undeclared failures channel',
      { channels: [Uploads], providers: [worker({ failures: Other })] },
      /^workers\.Made\.failures: Channel "others" was asked for and is not declared\./,
    ],
    [
      "an undeclared output of a ticker's",
      { channels: [Uploads], providers: [ticker({ every: '1s', out: Other })] },
      /^tickers\.Tick\.out: Channel "others" was asked for and is not declared\./,
    ],
    [
      'two channels of one name',
      { channels: [Uploads, channel('uploads', { buffer: 9 })] },
      /^channels\.uploads: .*(twice|two)/,
    ],
    [
      'two workers of one name',
      { channels: [Uploads], providers: [Resizer, worker({ name: 'Resizer' })] },
      `"Resizer": two workers or tickers have this name. Give one of them another: @Worker({ name: '...' }).`,
    ],
    [
      'a worker and a ticker of one name',
      { channels: [Uploads], providers: [Resizer, ticker({ every: '1s', name: 'Resizer' })] },
      /^"Resizer": two workers or tickers have this name\./,
    ],
    [
      'a dropping channel without a buffer',
      { channels: [channel('drops', { bufferType: 'dropping' })] },
      "channels.drops.bufferType: 'dropping' needs a buffer of at least 1, got buffer 0 (a rendezvous has nothing to drop from). Set buffer, or bufferType 'fixed'.",
    ],
    [
      'a sliding channel without a buffer',
      { channels: [channel('slides', { buffer: 0, bufferType: 'sliding' })] },
      /^channels\.slides\.bufferType: 'sliding' needs a buffer of at least 1/,
    ],
    [
      'an unknown option of the module',
      { autostart: false } as Blueprint,
      'options.autostart: unknown option. Did you mean "autoStart"?',
    ],
    [
      'an unknown option of a channel',
      { channels: [channel('c', { bufer: 1 } as object)] },
      'channels.c.bufer: unknown option. Did you mean "buffer"?',
    ],
    [
      'an unknown option of a worker',
      { channels: [Uploads], providers: [worker({ concurency: 2 })] },
      'workers.Made.concurency: unknown option. Did you mean "concurrency"?',
    ],
    [
      'an unknown option of a ticker',
      { providers: [ticker({ evry: '1s', every: '1s' })] },
      'tickers.Tick.evry: unknown option. Did you mean "every"?',
    ],
    [
      'no concurrency',
      { channels: [Uploads], providers: [worker({ concurrency: 0 })] },
      'workers.Made.concurrency: expected an integer from 1 up, got 0 (number).',
    ],
    [
      'a worker without a handler',
      { channels: [Uploads], providers: [NoHandle] },
      'NoHandle: expected a method handle(payload, context), found none. Add it (a property that holds a function is none), or remove the decorator.',
    ],
    [
      'a ticker without a handler',
      { providers: [NoTick] },
      'NoTick: expected a method tick(context), found none. Add it (a property that holds a function is none), or remove the decorator.',
    ],
    [
      'a ticker without a time',
      { providers: [ticker({})] },
      "tickers.Tick: expected every or cron, got neither. Add every: '1s' or cron: '*/5 * * * *' to its @Ticker options.",
    ],
    [
      'an override of a worker that is none',
      { channels: [Uploads], providers: [Resizer], workers: { Resiser: { concurrency: 2 } } },
      'options.workers.Resiser: no such worker. Known: "Resizer". Did you mean "Resizer"?',
    ],
    [
      'an override of a ticker that is none',
      { tickers: { Clock: { every: '1s' } } },
      'options.tickers.Clock: no such ticker. None is known.',
    ],
    [
      'an override that is no record',
      { workers: { Resizer: 4 } as never },
      /^options\.workers: expected worker names with options/,
    ],
    [
      'a grace longer than the deadline it lies in',
      { shutdown: { deadline: '1s', abortGrace: '2s' } },
      'options.shutdown.abortGrace: lies inside the deadline (1000 ms) and cannot be longer, got 2000 ms.',
    ],
    [
      'a guard that does not exist',
      { guard: 'panic' as never },
      "options.guard: expected one of 'fail', 'report', 'off', got panic (string).",
    ],
    [
      'a key where two workers compete',
      { channels: [Uploads], providers: [Resizer, worker({ key: () => 1 })] },
      /^workers\.Made\.key: order per key holds for one worker on a channel, and "Resizer", "Made" take from "uploads"\./,
    ],
  ];
  it.each(wrong)('%s', async (_what, blueprint, problem) => {
    expect(await problemsOf(blueprint)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });

  it('everything that is wrong is listed at once', async () => {
    const moduleRef = await compile({
      channels: [channel('drops', { bufferType: 'dropping' })],
      providers: [Resizer, ticker({}), NoHandle],
      workers: { Nobody: {} },
      requestTimeout: 'soon' as never,
    });
    const error = (await rejection(moduleRef.init())) as unknown as ConfigurationError;
    expect(error.code).toBe('CONFIGURATION_INVALID');
    expect(error.problems.map((line) => line.split(':', 1)[0])).toEqual([
      'options.requestTimeout',
      'channels.drops.bufferType',
      'workers.Resizer.in',
      'NoHandle',
      'workers.NoHandle.in',
      'tickers.Tick',
      'options.workers.Nobody',
    ]);
    expect(error.message).toMatch(/^The workers' configuration has 7 problems:\n( {2}- .*\n?){7}$/);
  });

  it('a channel that a feature and the root both declare', async () => {
    @Module({ imports: [WorkersModule.forFeature({ channels: [channel('uploads')] })] })
    class FeatureModule {}
    expect(await problemsOf({ channels: [Uploads], imports: [FeatureModule] })).toEqual([
      expect.stringMatching(/^channels\.uploads: /),
    ]);
  });

  it('and the same constant declared in two places is no contradiction', async () => {
    @Module({ imports: [WorkersModule.forFeature({ channels: [Uploads] })] })
    class FeatureModule {}
    const moduleRef = await compile({ channels: [Uploads], imports: [FeatureModule], providers: [Resizer] });
    await moduleRef.init();
    await moduleRef.close();
  });
});
