import { aligned, type Command, counted, harmless, spanOf, timeOf } from '@nestjs-workers/core/cli';
import type { StoredStats } from '../store/store.js';
import { assertThere, STORE_OPTIONS, withChosen } from './store.choice.js';

/** What there is in a store, and whether its tables are up to date. */
export const status: Command = {
  summary: 'Says which migrations are applied and what lies in each channel.',
  options: { ...STORE_OPTIONS, json: { about: 'As JSON.' } },
  notes: 'Exits with 1 when migrations are pending.',
  run: (given, { say }) =>
    withChosen(given, async (chosen) => {
      assertThere(chosen);
      const { store, place } = chosen;
      const migrations = await store.migrations.status();
      const pending = migrations.filter(({ appliedAtMs }) => appliedAtMs === undefined);
      if (pending.length === 0) await store.open({ migrate: false });
      const channels = pending.length === 0 ? await store.stats() : {};
      if (given.has('json')) say(asJson(store.kind, migrations, channels));
      else say([place, '', ...asMigrations(migrations), '', ...asChannels(channels, pending.length)].join('\n'));
      return pending.length === 0 ? 0 : 1;
    }),
};

type Listed = readonly { readonly number: number; readonly name: string; readonly appliedAtMs: number | undefined }[];
type Channels = Readonly<Record<string, StoredStats>>;

function asMigrations(migrations: Listed): string[] {
  return aligned(
    migrations.map(({ number, name, appliedAtMs }) => [
      `migration ${number}`,
      appliedAtMs === undefined ? 'pending' : `applied ${timeOf(appliedAtMs)}`,
      harmless(name),
    ]),
  );
}

function asChannels(channels: Channels, pending: number): string[] {
  if (pending > 0)
    return [
      `${counted(pending, 'migration is', 'migrations are')} pending. Apply with "nestjs-workers outbox migrate".`,
    ];
  const names = Object.keys(channels).toSorted();
  if (names.length === 0) return ['No channel has messages.'];
  const rows = names.map((name) => {
    const { ready, delayed, claimed, dead, suspects, oldestReadyMs } = channels[name] as StoredStats;
    const oldest = ready === 0 ? '-' : spanOf(oldestReadyMs);
    return [harmless(name), `${ready}`, `${delayed}`, `${claimed}`, `${dead}`, `${suspects}`, oldest];
  });
  const head = ['channel', 'ready', 'delayed', 'claimed', 'dead', 'suspects', 'oldest'];
  return aligned([head, ...rows], new Set([1, 2, 3, 4, 5, 6]));
}

function asJson(store: string, migrations: Listed, channels: Channels): string {
  const listed = migrations.map(({ number, name, appliedAtMs }) => ({
    number,
    name,
    appliedAt: appliedAtMs === undefined ? null : timeOf(appliedAtMs),
  }));
  return JSON.stringify({ store, migrations: listed, channels }, undefined, 2);
}
