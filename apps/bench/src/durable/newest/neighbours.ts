import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Where `npm run bench:newest` installs the neighbours whose newest versions need a newer Node than this project does. */
const FOLDER = new URL('../../../newest/', import.meta.url);

/** Why none of them can be measured; undefined when they can. */
export function reasonToStayAway(): string | undefined {
  if (!existsSync(new URL('node_modules', FOLDER))) return 'not installed: npm run bench:newest';
  return Number.parseInt(process.versions.node) >= 24 ? undefined : 'needs a newer Node: npm run bench:newest';
}

/** One of them. What it exports is known to whoever asks. */
export async function neighbour<Exports>(name: string): Promise<Exports> {
  const path = createRequire(FOLDER).resolve(name);
  return (await import(pathToFileURL(path).href)) as Exports;
}
