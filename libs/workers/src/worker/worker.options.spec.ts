import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { RecordingDispatcher } from '../testing/recording.dispatcher.js';
import { resolveWorkerOptions } from './worker.options.js';

const Uploads = channel<string>('uploads');

function resolved(decorated: object, overrides?: object) {
  const problems: string[] = [];
  const options = resolveWorkerOptions('ResizeWorker', decorated, overrides, problems);
  return { options, problems };
}

describe("a worker's options", () => {
  it('have these defaults', () => {
    expect(resolved({ in: Uploads })).toEqual({
      options: {
        name: 'ResizeWorker',
        in: Uploads,
        out: undefined,
        failures: undefined,
        expose: false,
        dispatch: 'inline',
        concurrency: undefined,
        timeout: 30_000,
        key: undefined,
        use: [],
        propagateContext: undefined,
      },
      problems: [],
    });
  });

  it('are overridden by the module, but not by an undefined, which configuration often gives', () => {
    const decorated = { in: Uploads, concurrency: 2, timeout: '5s', out: 'thumbnails' };
    const { options, problems } = resolved(decorated, { concurrency: 8, timeout: undefined, expose: true });
    expect(options).toMatchObject({ concurrency: 8, timeout: 5_000, expose: true, out: 'thumbnails' });
    expect(problems).toEqual([]);
  });

  it('are frozen, and leave what was given alone', () => {
    const decorated = Object.freeze({ in: Uploads });
    const overrides = Object.freeze({ concurrency: 3 });
    expect(Object.isFrozen(resolved(decorated, overrides).options)).toBe(true);
  });

  it('take false for no timeout, and a duration in words or milliseconds', () => {
    expect(resolved({ in: Uploads, timeout: false }).options.timeout).toBe(Infinity);
    expect(resolved({ in: Uploads, timeout: '2m' }).options.timeout).toBe(120_000);
    expect(resolved({ in: Uploads, timeout: 250 }).options.timeout).toBe(250);
  });

  it('take a dispatch plan', () => {
    const dispatch = new RecordingDispatcher();
    expect(resolved({ in: Uploads, dispatch })).toMatchObject({ options: { dispatch }, problems: [] });
  });

  it.each([
    [{ concurrency: 0 }, 'workers.ResizeWorker.concurrency: expected an integer from 1 up, got 0 (number).'],
    [{ concurrency: '4' }, 'workers.ResizeWorker.concurrency: expected an integer from 1 up, got 4 (string).'],
    [{ concurency: 4 }, 'workers.ResizeWorker.concurency: unknown option. Did you mean "concurrency"?'],
    [{ retries: 4 }, /^workers\.ResizeWorker\.retries: unknown option\. Known options: .*concurrency/],
    [
      { timeout: 'soon' },
      "workers.ResizeWorker.timeout: expected a duration from 1 ms up (a number of milliseconds, or '250ms', '30s', '5m'), or false, got soon (string).",
    ],
    [{ timeout: 0 }, /^workers\.ResizeWorker\.timeout: expected a duration from 1 ms up.* got 0 \(number\)\.$/],
    [{ timeout: true }, /^workers\.ResizeWorker\.timeout: .* got true \(boolean\)\.$/],
    [{ expose: 'yes' }, 'workers.ResizeWorker.expose: expected true or false, got yes (string).'],
    [
      { dispatch: 'thread' },
      "workers.ResizeWorker.dispatch: expected 'inline', or what a dispatch function returns, got thread (string).",
    ],
    [{ out: 7 }, 'workers.ResizeWorker.out: expected a channel constant or its name, got 7 (number).'],
    [{ key: 'id' }, 'workers.ResizeWorker.key: expected a function of the message, got id (string).'],
    [{ use: [{}] }, /^workers\.ResizeWorker\.use: expected a list of interceptors .* got \[\{\}\] \(array\)\.$/],
    [{ propagateContext: 1 }, 'workers.ResizeWorker.propagateContext: expected true or false, got 1 (number).'],
    [{ name: '' }, /^workers\.\.name: expected a name, got {2}\(string\)\.$/],
  ])('refuse %j', (wrong, problem) => {
    const { problems } = resolved({ in: Uploads, ...wrong });
    expect(problems).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });

  it('refuse a worker without a channel', () => {
    expect(resolved({}).problems).toEqual([
      'workers.ResizeWorker.in: a worker needs a channel to take from. Add in: to its @Worker options.',
    ]);
  });

  it.each(['name', 'in', 'key'])('refuse to have %s overridden', (fixed) => {
    expect(resolved({ in: Uploads }, { [fixed]: fixed === 'key' ? () => 1 : 'other' }).problems).toEqual([
      `workers.ResizeWorker.${fixed}: cannot be overridden in the module's options; it belongs to the @Worker decorator of ResizeWorker.`,
    ]);
  });

  it('go by the name that the decorator gives', () => {
    expect(resolved({ in: Uploads, name: 'resize', concurrency: -1 }).problems).toEqual([
      'workers.resize.concurrency: expected an integer from 1 up, got -1 (number).',
    ]);
  });
});
