/**
 * The full dose of `test/simulation/simulation.spec.ts`: `node scripts/simulate.mjs --seeds 20000 --from 1`. A seed that breaks a law is
 * printed with the law; `--seed N` tells that one as a story.
 */
import { parseArgs } from 'node:util';
import '../test/support/typescript.import.mjs';

const { simulate } = await import('../test/simulation/simulation.ts');
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});

if (values.seed === undefined) await several(Number(values.from), Number(values.seeds));
else tell(await simulate(Number(values.seed), true));

async function several(from, seeds) {
  const startedAt = performance.now();
  const sums = { steps: 0, messages: 0, entered: 0, faults: 0 };
  let broken = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await simulate(seed);
    for (const name of Object.keys(sums)) sums[name] += report[name];
    if (report.broken === undefined) continue;
    console.log(`seed ${seed}: ${report.broken.message}`);
    broken++;
  }
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  console.log(`${seeds} seeds from ${from} in ${seconds} s, ${JSON.stringify(sums)}: ${broken} broke a law.`);
  if (broken > 0) process.exitCode = 1;
}

function tell({ story, broken, ...sums }) {
  for (const line of story) console.log(line);
  console.log(JSON.stringify(sums));
  if (broken !== undefined) console.error(broken);
  if (broken !== undefined) process.exitCode = 1;
}
