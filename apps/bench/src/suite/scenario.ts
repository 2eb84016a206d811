/**
 * A scenario is one question put to every peer in the same words, and what its answer is measured in.
 */
import type { Bar } from './bar.js';

export interface Scenario<P = unknown> {
  /** What the command line calls it. */
  readonly name: string;
  readonly title: string;
  /** One or two sentences: what is done, and what is counted. */
  readonly about: string;
  /** How many items the timed pass has, unless the peer is too slow or the command line says otherwise. */
  readonly items: number;
  /** Abilities that a peer may lack. */
  readonly needs: readonly string[];
  /** What is measured. The first measure leads: ratios are made of it. */
  readonly measures: readonly [Measure, ...Measure[]];
  /** The peers whose figure is 1 in a column of ratios. */
  readonly frames: readonly string[];
  readonly bars: readonly Bar[];
  play(peer: P, items: number): Promise<Figures>;
}

export interface Measure {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
}

/** One answer: a number for each measure, and `items` when fewer were run than asked for. */
export type Figures = Readonly<Record<string, number>>;
