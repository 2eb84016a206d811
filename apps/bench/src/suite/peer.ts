/**
 * A peer is one way to do a suite's work: ours, another library, or a frame (the least that the language itself can do, which
 * tells how much of a figure is anybody's doing).
 */
export interface Peer<P = unknown> {
  /** What the command line calls it. */
  readonly name: string;
  /** What the tables call it. */
  readonly title: string;
  readonly kind: 'ours' | 'peer' | 'frame';
  /** The packages whose versions belong beside its figures. */
  readonly packages: readonly string[];
  /** What it cannot do, by need, and why. A scenario with such a need is not run, and the reason is printed. */
  readonly lacks?: Readonly<Record<string, string>>;
  /** A fixed limit for peers whose cost per item grows with the backlog, so that no budget can be foreseen. */
  readonly mostItems?: number;
  /** How it was used, where that is a choice. */
  readonly remark?: string;
  load(): Promise<P>;
}

/** Why this peer cannot play a scenario with those needs; undefined when it can. */
export function reasonToSitOut(peer: Peer, needs: readonly string[]): string | undefined {
  return needs.map((need) => peer.lacks?.[need]).find((reason) => reason !== undefined);
}
