import * as fc from 'fast-check';
import type { DeadLetterReason } from './dead.letter.reason.js';

/**
 * What a store may be asked, one step after the other. All times are odd multiples of 5 s and time passes by multiples of 10 s, so that a
 * store whose clock cannot be held has 5 s before it is early or late.
 */
export type Step =
  | { readonly do: 'append'; readonly messages: readonly Asked[]; readonly within: 'none' | 'commit' | 'rollback' }
  | { readonly do: 'claim'; readonly host: Which; readonly room: Room }
  | { readonly do: 'claimSuspect'; readonly host: Which; readonly channel: Name }
  | { readonly do: 'settle'; readonly host: Which; readonly ends: readonly End[] }
  | { readonly do: 'exchange'; readonly host: Which; readonly ends: readonly End[]; readonly room: Room }
  | { readonly do: 'pass'; readonly tens: number }
  | { readonly do: 'kill' | 'lapse' | 'leave' | 'takeOver'; readonly host: Which }
  | { readonly do: 'retryDead' | 'discardDead'; readonly of: Letters }
  | { readonly do: 'retryWith'; readonly at: number }
  | { readonly do: 'tick'; readonly due: number }
  | { readonly do: 'once'; readonly key: Name; readonly isCommitted: boolean }
  | { readonly do: 'finished' };

export type Which = 0 | 1;
export type Name = 'a' | 'b';
export type Room = Readonly<Record<Name, number>>;
export type Letters =
  { readonly channel: Name } | { readonly reason: DeadLetterReason } | { readonly at: readonly number[] };

export interface Asked {
  readonly channel: Name;
  readonly key: string | null;
  readonly priority: number;
  readonly delayMs: number | null;
  readonly expiresMs: number | null;
  readonly wantsResult: boolean;
  readonly duplicateOf: string | null;
}

/** What becomes of one claim: the latest of the host for 0. It may have been settled, or lost, long ago. */
export interface End {
  readonly at: number;
  readonly type: 'done' | 'retry' | 'bury' | 'release' | 'expire';
  readonly routes: boolean;
  readonly isCrash: boolean;
  readonly afterMs: number;
}

const of = <T extends Step['do']>(verb: T): fc.Arbitrary<T> => fc.constant(verb);
const host = fc.constantFrom<Which>(0, 1);
const name = fc.constantFrom<Name>('a', 'a', 'b');
const room: fc.Arbitrary<Room> = fc.record({ a: fc.nat(5), b: fc.nat(3) });
const ms = fc.constantFrom(5_000, 15_000, 35_000);
const maybeMs = fc.constantFrom(null, null, null, 5_000, 15_000);

const asked: fc.Arbitrary<Asked> = fc.record({
  channel: name,
  key: fc.constantFrom(null, null, 'k', 'k', 'l'),
  priority: fc.constantFrom(0, 0, 0, -9, 3, 9),
  delayMs: maybeMs,
  expiresMs: maybeMs,
  wantsResult: fc.boolean(),
  duplicateOf: fc.constantFrom(null, null, null, 'x', 'y'),
});

const endOf = (...types: readonly End['type'][]): fc.Arbitrary<readonly End[]> =>
  fc.array(
    fc.record({
      at: fc.constantFrom(0, 0, 1, 1, 2, 3, 4, 5),
      type: fc.constantFrom(...types),
      routes: fc.boolean(),
      isCrash: fc.boolean(),
      afterMs: ms,
    }),
    { maxLength: 4 },
  );
const ends = endOf('done', 'done', 'done', 'retry', 'retry', 'bury', 'bury', 'release', 'expire');

const letters: fc.Arbitrary<Letters> = fc.oneof(
  fc.record({ channel: name }),
  fc.record({ reason: fc.constantFrom('attempts', 'attempts', 'lost') }),
  fc.record({ at: fc.array(fc.nat(5), { maxLength: 3 }) }),
);

const one: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 18,
    arbitrary: fc.record({
      do: of('append'),
      messages: fc.array(asked, { minLength: 1, maxLength: 5 }),
      within: fc.constantFrom('none' as const, 'none' as const, 'commit' as const, 'rollback' as const),
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: of('claim'), host, room }) },
  { weight: 4, arbitrary: fc.record({ do: of('claimSuspect'), host, channel: name }) },
  { weight: 10, arbitrary: fc.record({ do: of('settle'), host, ends }) },
  { weight: 6, arbitrary: fc.record({ do: of('exchange'), host, ends, room }) },
  { weight: 6, arbitrary: fc.record({ do: of('pass'), tens: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'lapse' as const, 'leave' as const), host }),
  },
  { weight: 4, arbitrary: fc.record({ do: of('takeOver'), host }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('retryDead' as const, 'retryDead' as const, 'discardDead' as const),
      of: letters,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: of('retryWith'), at: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: of('tick'), due: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: of('once'), key: name, isCommitted: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: of('finished') }) },
);

const other = (host: Which): Which => (host === 0 ? 1 : 0);

/** What seldom happens by chance, because one step has to follow the other. */
const story: fc.Arbitrary<readonly Step[]> = fc.oneof(
  // A host dies with what it claimed, and the other one goes on with that.
  fc
    .record({ host, room, channel: name, death: fc.constantFrom('kill' as const, 'lapse' as const), times: fc.nat(2) })
    .map(({ host, room, channel, death, times }): readonly Step[] => {
      const crash: Step[] = [
        { do: 'claim', host, room },
        { do: 'claimSuspect', host, channel },
        { do: death, host },
        { do: 'takeOver', host: other(host) },
      ];
      const next: Step = { do: 'claimSuspect', host: other(host), channel };
      return Array.from({ length: times + 1 }, () => crash)
        .flat()
        .concat(next);
    }),
  // Messages die, and somebody looks after the dead letters.
  fc
    .tuple(
      fc.record({ do: of('claim'), host: fc.constant<Which>(0), room }),
      fc.record({ do: of('settle'), host: fc.constant<Which>(0), ends: endOf('bury') }),
      fc.oneof(
        fc.record({ do: fc.constantFrom('retryDead' as const, 'discardDead' as const), of: letters }),
        fc.record({ do: of('retryWith'), at: fc.nat(2) }),
      ),
      fc.record({ do: of('claim'), host, room }),
    )
    .map((steps): readonly Step[] => steps),
  // Results are recorded, and asked for.
  fc
    .record({ host, room, ends: endOf('done', 'done', 'bury') })
    .map(({ host, room, ends }): readonly Step[] => [
      { do: 'claim', host, room },
      { do: 'settle', host, ends },
      { do: 'finished' },
    ]),
);

const MAX_STEPS = 80;

export const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: one.map((step): readonly Step[] => [step]) }, { weight: 1, arbitrary: story }),
    { minLength: 5, maxLength: 50, size: 'max' },
  )
  .map((parts) => parts.flat().slice(0, MAX_STEPS));
