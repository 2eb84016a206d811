/** What the figures were taken on, and with. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted a core, over the last quarter of an hour; the bench itself is one or two of them. */
  readonly load: string;
}

export function machine(): Machine {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return {
    processor: `${availableParallelism()} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release()}`,
    node: `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    load: loadavg()[2]!.toFixed(1),
  };
}

/** The installed version of a package, whether or not its `exports` show its package.json. */
export function versionOf(name: string): string {
  for (let at = new URL('.', import.meta.resolve(name)); at.pathname !== '/'; at = new URL('..', at)) {
    const found = manifest(new URL('package.json', at));
    if (found?.name === name) return found.version;
  }
  return 'unknown';
}

function manifest(at: URL): { name: string; version: string } | undefined {
  try {
    return JSON.parse(readFileSync(at, 'utf8')) as { name: string; version: string };
  } catch {
    return undefined;
  }
}
