import type { Snapshot } from '../admin/snapshot.js';

/** Over how long a rate is taken: long enough to be read, short enough to be now. */
const OVER_MS = 5_000;

/** How many a second, by name; nothing of what was not there before. */
export interface Rates {
  readonly accepted: Readonly<Record<string, number>>;
  readonly taken: Readonly<Record<string, number>>;
  readonly done: Readonly<Record<string, number>>;
}

/** The snapshots of the last seconds. A process that was started anew counts anew, so what another one said is forgotten. */
export class Recently {
  private snapshots: readonly Snapshot[] = [];

  /** Adds `now`, and says how fast its counters grow; undefined for the first one. */
  note(now: Snapshot): Rates | undefined {
    const kept = this.snapshots.filter(
      ({ at, host }) => now.at - at <= OVER_MS && at < now.at && isSame(host, now.host),
    );
    this.snapshots = [...kept, now];
    const [before] = kept;
    return before === undefined ? undefined : ratesOf(before, now);
  }
}

function isSame(one: Snapshot['host'], other: Snapshot['host']): boolean {
  return one.pid === other.pid && one.name === other.name && one.uptimeSeconds <= other.uptimeSeconds;
}

function ratesOf(before: Snapshot, now: Snapshot): Rates {
  const seconds = (now.at - before.at) / 1_000;
  const { channels, workers } = now.stats;
  const { channels: channelsBefore, workers: workersBefore } = before.stats;
  return {
    accepted: grown(channelsBefore, channels, 'accepted', seconds),
    taken: grown(channelsBefore, channels, 'taken', seconds),
    done: grown(workersBefore, workers, 'done', seconds),
  };
}

function grown<F extends string>(
  before: Readonly<Record<string, Readonly<Record<F, number>>>>,
  now: Readonly<Record<string, Readonly<Record<F, number>>>>,
  field: F,
  seconds: number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).flatMap(([name, { [field]: count }]) => {
      const was = Object.hasOwn(before, name) ? before[name]?.[field] : undefined;
      return was === undefined ? [] : [[name, Math.max(0, count - was) / seconds]];
    }),
  );
}
