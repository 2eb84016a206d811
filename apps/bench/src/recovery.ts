/**
 * What a `kill -9` costs, here and with the neighbours: `npm run bench:recovery -- [--jobs 2000] [--trials 3] [--patience 70s] [--peers a,b]`.
 *
 * A process with 16 jobs of 5 ms in flight is killed when half of them are done, and another is started at once. Lost, done twice, and
 * how long it took until those that were in flight ran again: with default settings. After `npm run bench:newest` it can be run on that
 * Node, beside the newest neighbours: `apps/bench/newest/node_modules/.bin/node apps/bench/dist/recovery.js --peers ours,bullmq`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freshDatabase, freshFile } from './durable/database.js';
import { atHand } from './durable/newest/newest.suite.js';
import { forTerminal } from './report/drawing.js';
import { type Recovery, trial } from './recovery/trial.js';
import { named } from './suite/suite.js';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2000' },
    trials: { type: 'string', default: '3' },
    patience: { type: 'string', default: '70' },
    peers: { type: 'string', default: 'ours,ours-sqlite,pg-boss,graphile-worker' },
  },
});
const patience = Number.parseInt(values.patience, 10);
const head = ['', 'lost', 'done twice', 'started twice', 'in flight', 'backlog done after', 'in flight again after'];
const rows: string[][] = [];
for (const name of values.peers.split(',')) {
  const { title } = named(atHand, name.trim());
  for (let nth = 0; nth < Number(values.trials); nth++) {
    const folder = mkdtempSync(join(tmpdir(), 'recovery-'));
    const environment = { BENCH_DATABASE: await freshDatabase(), BENCH_FILE: freshFile() };
    const errand = { peer: name.trim(), jobs: Number(values.jobs), log: join(folder, 'log'), isFilling: true };
    rows.push([title, ...shown(await trial(errand, environment, patience * 1_000))]);
    rmSync(folder, { recursive: true });
  }
}
const about = `${values.jobs} jobs of 5 ms, 16 in flight, default settings; killed when half are done, another process starts at once.`;
process.stdout.write(`${forTerminal({ title: 'kill -9 in the middle', about, head, rows, notes: [] })}\n`);

function shown(recovery: Recovery): string[] {
  const { lost, doneTwice, startedTwice, inFlight, backlogSeconds, inFlightSeconds } = recovery;
  const time = (seconds: number | undefined) => (seconds === undefined ? `> ${patience} s` : `${seconds.toFixed(1)} s`);
  return [...[lost, doneTwice, startedTwice, inFlight].map(String), time(backlogSeconds), time(inFlightSeconds)];
}
