/**
 * The full dose of `test/crashes/workflows-decide-one-after-the-other.spec.ts`: applications in processes of their own give inputs to the same
 * instances, and are killed. `node scripts/workflows.mjs [--store postgres|sqlite] [--rounds 20] [--hosts 8] [--kills 10] [--seed n]`; exits
 * with 1 when a law was broken.
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
    hosts: { type: 'string', default: '8' },
    purses: { type: 'string', default: '4' },
    kills: { type: 'string', default: '10' },
    // How often each caller of a process spends in the rounds in which nobody is killed.
    each: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const { purseRound } = await import('../test/crashes/fixtures/purse.round.ts');
const { startPostgres } = await import('../test/support/postgres.server.ts');

const stores = asked.store === undefined ? ['postgres', 'sqlite'] : [asked.store];
const server = stores.includes('postgres') ? await startPostgres({ fsync: 'off' }) : undefined;
const folder = mkdtempSync(join(tmpdir(), 'nestjs-workers-workflows-'));
const placeOf = {
  postgres: (name) => ({ kind: 'postgres', url: server.url, schema: `purses_${name}` }),
  sqlite: (name) => ({ kind: 'sqlite', file: join(folder, `${name}.db`) }),
};

console.log(`seed ${asked.seed}`);
for (const store of stores)
  for (let round = 1; round <= Number(asked.rounds); round++) {
    const seed = Number(asked.seed) + round;
    const [hosts, purses] = [Number(asked.hosts), Number(asked.purses)];
    const doses = [
      { kind: 'one instance', purses: 1, each: Number(asked.each), kills: 0 },
      { kind: `${asked.kills} kills`, purses, each: 1_000_000, kills: Number(asked.kills) },
    ];
    for (const [at, { kind, ...dose }] of doses.entries()) {
      const began = performance.now();
      const toll = await purseRound({ place: placeOf[store](`${round}_${at}`), seed, hosts, ...dose });
      const { events, accepted, rejected, underWay, violations } = toll;
      const seconds = `${((performance.now() - began) / 1_000).toFixed(1)} s`;
      const told = [`${events} events`, `${accepted} accepted`, `${rejected} rejected`, `${underWay} under way`];
      console.log([store, round, kind, ...told, seconds, `${violations.length} violations`].join(' | '));
      for (const violation of violations) console.log(`  ${violation}`);
      if (violations.length > 0) process.exitCode = 1;
    }
  }
rmSync(folder, { recursive: true, force: true });
await server?.stop();
