import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from './command.js';
import type { CommandGroup } from './program.js';

/**
 * What another package has to offer here, if it is installed: looked for from where the program is called, then from here.
 *
 * @param named what the package exports it as from its `./cli`
 * @throws (rejects) Error that says what to install
 */
export async function offered<O extends CommandGroup | Command>(packageName: string, named: string): Promise<O> {
  const entry = `${packageName}/cli`;
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    const found = resolved(entry, from);
    if (found !== undefined) return ((await import(found)) as Record<string, O>)[named] as O;
  }
  throw new Error(`this needs the package "${packageName}", which is not installed. npm install ${packageName}`);
}

function resolved(entry: string, from: string): string | undefined {
  try {
    return pathToFileURL(createRequire(from).resolve(entry)).href;
  } catch {
    return undefined;
  }
}
