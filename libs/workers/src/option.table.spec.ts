import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  duration,
  flag,
  integer,
  isFunction,
  oneOf,
  optional,
  resolveOptions,
} from './option.table.js';

const TABLE = {
  concurrency: integer(1, 1),
  timeout: duration(1, '30s'),
  overlap: oneOf(['skip', 'queue'], 'skip'),
  expose: flag(false),
  key: optional<() => unknown>('a function', isFunction),
};

function resolved(given: object) {
  const problems: string[] = [];
  return { options: resolveOptions('workers.Mailer', given, TABLE, problems), problems };
}

describe('an option table', () => {
  it('resolves what is not given to the defaults, frozen', () => {
    const { options, problems } = resolved({});
    expect(options).toEqual({ concurrency: 1, timeout: 30_000, overlap: 'skip', expose: false, key: undefined });
    expect([problems, Object.isFrozen(options)]).toEqual([[], true]);
  });

  it('takes undefined for not given', () => {
    expect(resolved({ concurrency: undefined, key: undefined })).toEqual(resolved({}));
  });

  it('takes what is given, and leaves the given object alone', () => {
    const key = (): number => 1;
    const given = Object.freeze({ concurrency: 4, timeout: '5m', overlap: 'queue', expose: true, key });
    expect(resolved(given)).toEqual({
      options: { concurrency: 4, timeout: 300_000, overlap: 'queue', expose: true, key },
      problems: [],
    });
  });

  it('lists every problem, not just the first, each with where it stands, what was expected and what was found', () => {
    const { options, problems } = resolved({
      concurrency: 0,
      timeout: 'soon',
      overlap: 'allow',
      expose: 1,
      key: 'id',
      concurency: 4,
      colour: 'red',
    });
    expect(problems).toEqual([
      'workers.Mailer.concurency: unknown option. Did you mean "concurrency"?',
      'workers.Mailer.colour: unknown option. Known options: concurrency, timeout, overlap, expose, key.',
      'workers.Mailer.concurrency: expected an integer from 1 up, got 0 (number).',
      "workers.Mailer.timeout: expected a duration from 1 ms up (a number of milliseconds, or '250ms', '30s', '5m'), got soon (string).",
      "workers.Mailer.overlap: expected one of 'skip', 'queue', got allow (string).",
      'workers.Mailer.expose: expected true or false, got 1 (number).',
      'workers.Mailer.key: expected a function, got id (string).',
    ]);
    expect(options).toEqual(resolved({}).options);
  });

  it.each([[null], [Number.NaN], [1.5], ['1'], [-1], [Infinity], [[]], [1n]])(
    'does not take %o for an integer',
    (given) => {
      expect(resolved({ concurrency: given }).problems).toHaveLength(1);
    },
  );

  it('refuses a key that every object has by inheritance', () => {
    expect(resolved({ toString: 1 }).problems).toHaveLength(1);
    expect(resolved(JSON.parse('{"__proto__": 1}')).problems).toHaveLength(1);
  });
});

describe('a configuration error', () => {
  it('lists its problems, a line each', () => {
    const error = new ConfigurationError(['a: wrong.', 'b: wrong too.']);
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', name: 'ConfigurationError' });
    expect(error.message).toBe("The workers' configuration has 2 problems:\n  - a: wrong.\n  - b: wrong too.");
    expect(new ConfigurationError(['a: wrong.']).message).toBe(
      "The workers' configuration has a problem:\n  - a: wrong.",
    );
  });
});
