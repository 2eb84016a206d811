import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

interface Manifest {
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/**
 * The package as npm would publish it, and applications that have it installed.
 *
 * Nothing is downloaded: the tarball is unpacked where npm would put it, and what it depends on is linked from this
 * repository. Only what its package.json names is there, so an import that it forgot to declare fails as it would at a user's.
 */
export class Tarball {
  private constructor(
    private readonly place: string,
    private readonly file: string,
    readonly contents: readonly string[],
  ) {}

  static async pack(workspace: string): Promise<Tarball> {
    const place = await mkdtemp(join(tmpdir(), 'tarball-'));
    const { stdout } = await npm('pack', '--json', '--pack-destination', place, '--workspace', workspace);
    const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    return new Tarball(
      place,
      join(place, packed!.filename),
      packed!.files.map(({ path }) => path),
    );
  }

  /** A copy of a fixture in a folder of its own, with the package and everything it names installed. */
  async installInto(fixture: string): Promise<string> {
    const app = await mkdtemp(join(this.place, `${fixture}-`));
    const home = join(app, 'node_modules/@nestjs-workers/core');
    await cp(fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url)), app, { recursive: true });
    await mkdir(home, { recursive: true });
    await run('tar', ['-xzf', this.file, '-C', home, '--strip-components=1']);
    const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as Manifest;
    const named = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, '@types/node': '' });
    await Promise.all(named.map((name) => link(name, app)));
    return app;
  }

  async remove(): Promise<void> {
    await rm(this.place, { recursive: true, force: true });
  }
}

async function link(name: string, app: string): Promise<void> {
  const place = join(app, 'node_modules', name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(root, 'node_modules', name), place, 'junction');
}

/** Runs the npm that runs us, or the one on the path when nobody does. */
function npm(...args: string[]): Promise<{ stdout: string }> {
  const self = process.env['npm_execpath'];
  return self?.endsWith('.js')
    ? run(process.execPath, [self, ...args], { cwd: root })
    : run('npm', args, { cwd: root, shell: process.platform === 'win32' });
}
