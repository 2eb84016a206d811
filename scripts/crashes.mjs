/**
 * The full dose of `test/crashes`: real processes that are killed under load, on each store, and what came of it.
 * `node scripts/crashes.mjs [--store postgres|sqlite] [--rounds 20] [--messages 2000] [--seed n]`; exits with 1 when a law was broken.
 */
import '../test/support/typescript.import.mjs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: asked } = parseArgs({
  options: {
    store: { type: 'string' },
    rounds: { type: 'string', default: '20' },
    messages: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    // Of memory and rate; 0 leaves the measuring out.
    measured: { type: 'string', default: '1000000' },
    // How long nobody may go on with what a killed host had in flight.
    'take-over': { type: 'string', default: '2000' },
  },
});
const { chanceFrom } = await import('../test/support/chance.ts');
const { crashRound } = await import('../test/crashes/fixtures/round.ts');
const { measure } = await import('../test/crashes/fixtures/measure.ts');
const { startPostgres } = await import('../test/support/postgres.server.ts');

const stores = asked.store === undefined ? ['postgres', 'sqlite'] : [asked.store];
const server = stores.includes('postgres') ? await startPostgres({ fsync: 'off' }) : undefined;
const folder = mkdtempSync(join(tmpdir(), 'nestjs-workers-crashes-'));
const placeOf = {
  postgres: (name) => ({ kind: 'postgres', url: server.url, schema: `crashes_${name}` }),
  sqlite: (name) => ({ kind: 'sqlite', file: join(folder, `${name}.db`) }),
};

console.log(`seed ${asked.seed}`);
for (const store of stores) {
  const tolls = [];
  for (let round = 1; round <= Number(asked.rounds); round++) {
    const place = placeOf[store](round);
    const chance = chanceFrom(Number(asked.seed) + round);
    const began = performance.now();
    const toll = await crashRound({
      place,
      messages: Number(asked.messages),
      chance,
      takeOverMs: Number(asked['take-over']),
    });
    tolls.push(toll);
    say([store, round, ...columnsOf(toll), `${((performance.now() - began) / 1000).toFixed(1)} s`]);
    for (const violation of toll.violations) console.log(`  ${violation}`);
  }
  const violations = tolls.flatMap((toll) => toll.violations);
  const sum = (field) => tolls.reduce((total, toll) => total + toll[field], 0);
  const all = {
    ...Object.fromEntries(['committed', 'kills', 'inFlight', 'repeats'].map((field) => [field, sum(field)])),
    takeOversMs: tolls.flatMap((toll) => toll.takeOversMs),
    againMs: tolls.flatMap((toll) => toll.againMs),
    violations,
  };
  say([store, 'all', ...columnsOf(all), violations.length === 0 ? 'sound' : 'NOT SOUND']);
  if (violations.length > 0) process.exitCode = 1;
  if (Number(asked.measured) > 0) await measureAll(store, Number(asked.measured));
}
rmSync(folder, { recursive: true, force: true });
await server?.stop();

/** Says what memory, idleness and a forgotten transaction cost; how much is too much depends on the machine. */
async function measureAll(store, messages) {
  const mb = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MB`;
  const memory = await measure({ place: placeOf[store]('memory'), what: 'memory', messages });
  const { heapBefore, heapAfter, residentBefore, residentAfter } = memory;
  say([
    store,
    `${messages} messages`,
    `heap ${mb(heapBefore)} -> ${mb(heapAfter)}`,
    `resident ${mb(residentBefore)} -> ${mb(residentAfter)}`,
  ]);
  const { share } = await measure({ place: placeOf[store]('idle'), what: 'idle', messages: 100, idleMs: 10_000 });
  say([store, 'idle', `${(share * 100).toFixed(2)} % of a core`]);
  if (store !== 'postgres') return;
  const rate = async (place) => Math.round((await measure({ place, what: 'rate', messages: 10_000 })).perSecond);
  const usual = placeOf.postgres('usual');
  const [, normal] = [await rate(usual), await rate(usual)];
  const { Client } = await import('pg');
  const forgetful = new Client({ connectionString: server.url });
  await forgetful.connect();
  await forgetful.query('begin isolation level repeatable read; select count(*) from pg_class');
  const held = placeOf.postgres('held');
  const [first, second] = [await rate(held), await rate(held)];
  await forgetful.end();
  const remaining = Math.round((second / normal) * 100);
  say([store, `${normal} messages/s`, `beside a forgotten transaction ${first}, then ${second} (${remaining} %)`]);
}

function columnsOf({ committed, kills, inFlight, repeats, takeOversMs, againMs, violations }) {
  return [
    `${committed} committed`,
    `${kills} kills`,
    `${inFlight} in flight`,
    `${repeats} repeated`,
    `taken over after ${share(takeOversMs, 0.5)} ms (max ${share(takeOversMs, 1)})`,
    `run again after ${share(againMs, 0.5)} ms (max ${share(againMs, 1)})`,
    `${violations.length} violations`,
  ];
}

/** The value below which `part` of them lie. */
function share(values, part) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted.length === 0 ? '-' : Math.round(sorted[Math.floor(part * (sorted.length - 1))]);
}

function say(columns) {
  console.log(columns.map((column) => String(column)).join(' | '));
}
