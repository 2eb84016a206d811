import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

interface Manifest {
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  bin?: Record<string, string>;
}

interface Packed {
  readonly name: string;
  readonly file: string;
  readonly contents: readonly string[];
}

/** What an application installs beside what the packages ask for, and which of their optional peers it does not. */
interface Choice {
  readonly also?: readonly string[];
  readonly without?: readonly string[];
}

/**
 * Packages as npm would publish them, and applications that have them installed.
 *
 * Nothing is downloaded: a tarball is unpacked where npm would put it, and what it depends on is linked from this
 * repository. Only what its package.json names is there, so an import that it forgot to declare fails as it would at a user's.
 */
export class Tarballs {
  private constructor(
    private readonly place: string,
    private readonly packages: readonly Packed[],
  ) {}

  static async pack(...workspaces: readonly string[]): Promise<Tarballs> {
    const place = await mkdtemp(join(tmpdir(), 'tarball-'));
    const { stdout } = await npm(
      ['pack', '--json', '--pack-destination', place, ...workspaces.flatMap((name) => ['--workspace', name])],
      root,
    );
    const packed = JSON.parse(stdout) as { name: string; filename: string; files: { path: string }[] }[];
    return new Tarballs(
      place,
      packed.map(({ name, filename, files }) => ({
        name,
        file: join(place, filename),
        contents: files.map(({ path }) => path),
      })),
    );
  }

  contentsOf(name: string): readonly string[] {
    return this.packages.find((one) => one.name === name)?.contents ?? [];
  }

  /** A copy of a fixture in a folder of its own, with the packages and everything they name installed. */
  async installInto(fixture: string, { also = [], without = [] }: Choice = {}): Promise<string> {
    const app = await mkdtemp(join(this.place, `${fixture}-`));
    await cp(fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url)), app, { recursive: true });
    const manifests = await Promise.all(this.packages.map((packed) => unpack(packed, app)));
    const named = manifests.flatMap(({ dependencies, peerDependencies }) =>
      Object.keys({ ...dependencies, ...peerDependencies }),
    );
    const unpacked = new Set([...this.packages.map(({ name }) => name), ...without]);
    const linked = [...new Set([...named, ...also, '@types/node'])].filter((name) => !unpacked.has(name));
    await Promise.all(linked.map((name) => link(name, app)));
    return app;
  }

  async remove(): Promise<void> {
    await rm(this.place, { recursive: true, force: true });
  }
}

async function unpack({ name, file }: Packed, app: string): Promise<Manifest> {
  const home = join(app, 'node_modules', name);
  await mkdir(home, { recursive: true });
  await run('tar', ['-xzf', file, '-C', home, '--strip-components=1']);
  const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as Manifest;
  for (const [command, path] of Object.entries(manifest.bin ?? {})) {
    await mkdir(join(app, 'node_modules/.bin'), { recursive: true });
    await symlink(join(home, path), join(app, 'node_modules/.bin', command));
    await chmod(join(home, path), 0o755);
  }
  return manifest;
}

async function link(name: string, app: string): Promise<void> {
  const place = join(app, 'node_modules', name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(root, 'node_modules', name), place, 'junction');
}

/** Runs the npm that runs us, or the one on the path when nobody does. */
export function npm(args: readonly string[], cwd: string): Promise<{ stdout: string }> {
  const self = process.env['npm_execpath'];
  return self?.endsWith('.js')
    ? run(process.execPath, [self, ...args], { cwd })
    : run('npm', args, { cwd, shell: process.platform === 'win32' });
}
