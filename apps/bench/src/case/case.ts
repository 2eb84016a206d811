/**
 * A case is one peer in one scenario, once: the unit that gets a process of its own, so that no peer inherits another's heap,
 * compiled code or shapes. Its verdict is a value: a case that fails, hangs or dies is a line in the report.
 */
import type { Figures } from '../suite/scenario.js';

export interface Case {
  readonly suite: string;
  readonly scenario: string;
  readonly peer: string;
  readonly items: number;
}

/** NODE_ENV of the case process: development switches the guard against blocking handlers to its strict setting. */
export type Environment = 'development' | 'production';

export type Verdict = Measured | Failed;

export interface Measured {
  readonly type: 'measured';
  readonly figures: Figures;
}

export interface Failed {
  readonly type: 'failed';
  readonly reason: string;
}
