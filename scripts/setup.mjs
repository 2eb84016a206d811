/**
 * Makes a bare clone ready to run: installs what the lock file names, builds what is out of date. When nothing changed it
 * only looks, which takes a tenth of a second; so `npm start` and `npm test` simply call it first.
 *
 * Uses nothing but Node itself (there may be no node_modules yet). `--force` builds everything anew.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is built, each after what it depends on. */
const PROJECTS = [
  'libs/workers',
  'libs/outbox',
  'libs/workflows',
  'libs/dashboard',
  'libs/dashboard/page',
  'apps/demo',
  'apps/bench',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...path) => join(root, ...path);

refuseOldNode();
if (!isInstalled()) install();
build(process.argv.includes('--force'));

function refuseOldNode() {
  const [major, minor, patch] = process.versions.node.split('.').map(Number);
  const isRecent =
    major >= 24 || (major === 22 && minor >= 17) || (major === 20 && (minor > 19 || (minor === 19 && patch >= 5)));
  if (!isRecent)
    stop(`Node ${process.versions.node} is too old: use Node 20.19.5, 22.17 or 24, or anything later in those lines.`);
}

/**
 * True when each locked package lies in node_modules in its locked version. npm keeps its own record there. Versions are
 * compared, not dates: dates change with every checkout, and an install that is not needed takes half a minute.
 */
function isInstalled() {
  const record = at('node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  return Object.entries(locked)
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, { version, optional }]) => (path in present ? present[path].version === version : optional));
}

function install() {
  say('installing dependencies (npm ci), about half a minute');
  if (npm('ci', '--no-audit', '--no-fund', '--loglevel=error')) return;
  say('npm ci did not succeed, see above; trying npm install, which may change package-lock.json');
  if (npm('install', '--no-audit', '--no-fund', '--loglevel=error')) return;
  stop(
    'the dependencies could not be installed. Is the npm registry reachable (npm ping)? Then run this command again.',
  );
}

/** Runs the npm that runs us, so that its version and configuration hold for the child too. */
function npm(...args) {
  const self = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] };
  const { status } = self?.endsWith('.js')
    ? spawnSync(process.execPath, [self, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  return status === 0;
}

function build(isForced) {
  let newest = changedAt(['package.json', 'package-lock.json', 'tsconfig.json']);
  for (const project of PROJECTS) {
    newest = Math.max(
      newest,
      changedAt(['package.json', 'tsconfig.build.json', 'src'].map((name) => join(project, name)).filter(isThere)),
    );
    if (isForced || builtAt(project) < newest) compile(project);
  }
}

/**
 * Compiles beside the old output and swaps: a failed or a simultaneous build never leaves half a `dist` behind. The stamp
 * carries the time the build began, so that a source saved meanwhile still counts as newer.
 */
function compile(project) {
  const began = new Date();
  const fresh = at(project, `.dist-${process.pid}`);
  say(`building ${project}`);
  const tsc = at('node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', at(project, 'tsconfig.build.json'), '--outDir', fresh], {
    stdio: 'inherit',
  });
  if (status === 0) {
    for (const name of takenAlong(project)) cpSync(at(project, 'src', name), join(fresh, name));
    rmSync(at(project, 'dist'), { recursive: true, force: true });
    renameSync(fresh, at(project, 'dist'));
    mkdirSync(at('node_modules/.cache/nestjs-workers'), { recursive: true });
    writeFileSync(stamp(project), '');
    utimesSync(stamp(project), began, began);
    return;
  }
  rmSync(fresh, { recursive: true, force: true });
  stop(`${project} does not compile, see above.`);
}

/** A page's document and styles are no TypeScript and go into `dist` as they are. */
function takenAlong(project) {
  return readdirSync(at(project, 'src'), { recursive: true }).filter((name) => /\.(html|css|svg)$/.test(name));
}

function isThere(path) {
  return existsSync(at(path));
}

function stamp(project) {
  return at('node_modules/.cache/nestjs-workers', `${project.replaceAll('/', '-')}.built`);
}

function builtAt(project) {
  return existsSync(at(project, 'dist')) && existsSync(stamp(project)) ? statSync(stamp(project)).mtimeMs : 0;
}

/** When the youngest of these files was changed; a folder counts too, because a deleted file changes only its folder. */
function changedAt(paths) {
  return Math.max(
    ...paths.map((path) => {
      const { mtimeMs } = statSync(at(path));
      if (!statSync(at(path)).isDirectory()) return mtimeMs;
      const inside = readdirSync(at(path)).filter((name) => !/\.(spec|contract|test-d)\.ts$/.test(name));
      return Math.max(mtimeMs, changedAt(inside.map((name) => join(path, name))));
    }),
  );
}

function say(text) {
  console.error(`[set-up] ${text}`);
}

function stop(text) {
  say(text);
  process.exit(1);
}
