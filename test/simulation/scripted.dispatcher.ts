import { PermanentError, RetryableError } from '@nestjs-workers/core';
import type { Dispatcher, Run } from '../../libs/workers/src/dispatch/dispatcher.js';
import { fault } from '../../libs/workers/src/message/fault.js';
import type { Chance } from './chance.js';
import type { HostClock } from './host.clock.js';

/** How the handlers of one simulation behave. */
export interface Temper {
  readonly returns: number;
  readonly throws: number;
  readonly givesUp: number;
  readonly asksForLater: number;
  readonly isLost: number;
  readonly takesLong: number;
  readonly hangs: number;
}

/** What a dispatcher of the simulation needs of its host. */
export interface Stage {
  readonly chance: Chance;
  readonly clock: HostClock;
  readonly temper: () => Temper;
  readonly longestMs: number;
  /** Something that the handler does when the simulation lets it. */
  later(what: string, happen: () => void): void;
  /** A handler is entered; returns what to call when it has come to its end. */
  entered(run: Run): () => void;
}

/** Calls no handler: each run comes to what the seed says, when the simulation says. */
export function scriptedDispatcher(stage: Stage): Dispatcher {
  return {
    start: () => {},
    dispatch: (run) => play(run, stage),
    abandon: () => {},
    askToStop: () => {},
    stop: () => {},
    isolates: () => [],
  };
}

function play(run: Run, stage: Stage): void {
  const { chance, clock } = stage;
  const { signal } = run.context;
  run.entered();
  const left = stage.entered(run);
  let isOver = false;
  const end = (how: () => void): void => {
    if (isOver) return;
    isOver = true;
    left();
    how();
  };
  const id = run.message.id;
  const later = (how: () => void): void => stage.later(`the handler of ${id} ends`, () => end(how));
  const { label } = run.message.payload as { label: string };
  const returns = (): void => run.fulfilled({ label: `${label}>` });
  const isObedient = chance.isHit(0.7);
  if (isObedient)
    signal.addEventListener('abort', () =>
      stage.later(`the handler of ${id} obeys`, () => end(() => run.rejected(signal.reason))),
    );
  const script = chance.weighed(stage.temper());
  if (script === 'returns') {
    if (chance.isHit(0.2)) end(returns);
    else later(returns);
  } else if (script === 'throws') later(() => run.rejected(new Error('no')));
  else if (script === 'givesUp') later(() => run.rejected(new PermanentError('never')));
  else if (script === 'asksForLater')
    later(() => run.rejected(new RetryableError('later', { afterMs: chance.below(stage.longestMs) })));
  else if (script === 'isLost')
    later(() => run.end({ type: 'lost', fault: fault('isolate_crashed', new Error('gone')) }));
  else if (script === 'takesLong') clock.after(chance.below(stage.longestMs), () => later(returns));
}
