/**
 * The gate: everything that must hold before a change goes in, in one command. A gate that fails does not stop the others;
 * the last lines name what failed. With names it runs only those: `npm run check -- lint types`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GATES = {
  format: ['prettier/bin/prettier.cjs', '--check', '.'],
  lint: ['oxlint/bin/oxlint'],
  borders: ['dependency-cruiser/bin/dependency-cruise.mjs', 'libs', 'apps'],
  types: ['typescript/bin/tsc', '-p', 'tsconfig.json'],
  tests: ['vitest/vitest.mjs', 'run'],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in GATES));
if (unknown.length > 0) {
  console.error(`No gate is called ${unknown.join(' or ')}; there are ${Object.keys(GATES).join(', ')}.`);
  process.exit(2);
}

const verdicts = (asked.length > 0 ? asked : Object.keys(GATES)).map(pass);
console.log(
  `\n${verdicts.map(({ gate, isOpen, seconds }) => `${isOpen ? 'ok    ' : 'FAILED'} ${gate} (${seconds} s)`).join('\n')}`,
);
process.exit(verdicts.every(({ isOpen }) => isOpen) ? 0 : 1);

function pass(gate) {
  console.log(`\n== ${gate}`);
  const began = performance.now();
  const [tool, ...args] = GATES[gate];
  const { status } = spawnSync(process.execPath, [`node_modules/${tool}`, ...args], { cwd: root, stdio: 'inherit' });
  return { gate, isOpen: status === 0, seconds: ((performance.now() - began) / 1000).toFixed(1) };
}
