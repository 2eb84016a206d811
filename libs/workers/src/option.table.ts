import { type Duration, toMs } from './lifecycle/duration.js';
import { nearest, shown, WorkersError } from './workers.error.js';

/** One option: what it accepts, in words and in code, what it becomes, and what it is when it is not given. */
export interface OptionRow<R> {
  readonly expects: string;
  /** The resolved value, or `undefined` when `given` is not acceptable. */
  readonly read: (given: unknown) => R | undefined;
  readonly fallback: R;
}

/** The options of one thing, a row each; the only place where a default is written. */
export type OptionTable<R> = { readonly [K in keyof R]: OptionRow<R[K]> };

/**
 * Resolves `given` by `table` into a frozen object. Unknown keys and unacceptable values are added to `problems`, each with where
 * it stands, what was expected, what was found and the near miss; the user's object is not touched.
 */
export function resolveOptions<R extends object>(
  where: string,
  given: object,
  table: OptionTable<R>,
  problems: string[],
): Readonly<R> {
  const known = Object.keys(table) as (keyof R & string)[];
  refuseUnknown(where, given, known, problems);
  const resolved: Partial<R> = {};
  for (const key of known) {
    const value = (given as Record<string, unknown>)[key];
    const row = table[key];
    const read = value === undefined ? row.fallback : row.read(value);
    if (read === undefined && value !== undefined)
      problems.push(`${where}.${key}: expected ${row.expects}, got ${shown(value)}.`);
    resolved[key] = read ?? row.fallback;
  }
  return Object.freeze(resolved as R);
}

/** Adds the keys of `given` that are not `known` to `problems`, each with the near miss. */
export function refuseUnknown(where: string, given: object, known: readonly string[], problems: string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const help = near === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean "${near}"?`;
    problems.push(`${where}.${key}: unknown option. ${help}`);
  }
}

/** The configuration is wrong; the application does not start. `problems` lists everything that was found, not just the first. */
export class ConfigurationError extends WorkersError {
  readonly code = 'CONFIGURATION_INVALID';

  constructor(
    readonly problems: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `The workers' configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
      options,
    );
  }
}

export function integer(min: number, fallback: number): OptionRow<number> {
  return {
    expects: `an integer from ${min} up`,
    read: (given) => (typeof given === 'number' && Number.isInteger(given) && given >= min ? given : undefined),
    fallback,
  };
}

/** Durations come out in milliseconds. */
export function duration(minMs: number, fallback: Duration): OptionRow<number> {
  return {
    expects: `a duration from ${minMs} ms up (a number of milliseconds, or '250ms', '30s', '5m')`,
    read: (given) => {
      const ms = toMs(given);
      return ms !== undefined && ms >= minMs ? ms : undefined;
    },
    fallback: toMs(fallback) as number,
  };
}

export function oneOf<const V extends string>(values: readonly V[], fallback: V): OptionRow<V> {
  return {
    expects: `one of ${values.map((value) => `'${value}'`).join(', ')}`,
    read: (given) => values.find((value) => value === given),
    fallback,
  };
}

export function flag(fallback: boolean): OptionRow<boolean> {
  return { expects: 'true or false', read: (given) => (typeof given === 'boolean' ? given : undefined), fallback };
}

/** An option that may stay unset, accepted by `accepts` as it is. */
export function optional<V>(expects: string, accepts: (given: unknown) => boolean): OptionRow<V | undefined> {
  return { expects, read: (given) => (accepts(given) ? (given as V) : undefined), fallback: undefined };
}

export function isFunction(given: unknown): boolean {
  return typeof given === 'function';
}
