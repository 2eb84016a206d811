import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandGroup } from './program.js';

/**
 * The command group that another package brings, if it is installed: looked for from where the program is called, then from here.
 *
 * @param named what the package exports it as
 */
export async function groupOf(packageName: string, named: string): Promise<CommandGroup> {
  const entry = `${packageName}/cli`;
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    const found = resolved(entry, from);
    if (found !== undefined) return ((await import(found)) as Record<string, CommandGroup>)[named] as CommandGroup;
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
