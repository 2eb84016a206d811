import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { HandlerType } from '../dispatch/elsewhere.js';
import type { Address } from './birth.js';
import { HandlerNotExportedError } from './isolate.errors.js';

/**
 * Where `target` can be found by an isolate: proves that `file` exports that very class.
 *
 * A file that this process cannot import at all (TypeScript under a test runner that hides its loader, say) is believed: the isolate
 * looks for itself.
 *
 * @throws HandlerNotExportedError
 */
export async function addressOf(target: HandlerType, file: string | undefined): Promise<Address> {
  if (file === undefined) throw new HandlerNotExportedError(target.name, undefined, 'nobody knows the file');
  if (file === mainFile()) throw new HandlerNotExportedError(target.name, file, 'it starts the application');
  let exported: Record<string, unknown>;
  try {
    exported = (await import(/* @vite-ignore */ file)) as Record<string, unknown>;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND')
      throw new HandlerNotExportedError(target.name, file, 'no such file', [], error);
    return { file, exportName: target.name };
  }
  const exportName = nameOf(target, exported);
  if (exportName === undefined)
    throw new HandlerNotExportedError(target.name, file, 'no such class', classesIn(exported));
  return { file, exportName };
}

/** Where `target` is for an isolate that begins in a file of the user's, which names its classes itself. */
export function namedByHand(target: HandlerType): Address {
  return { file: undefined, exportName: target.name };
}

/** The classes that were named by hand in the file in which this isolate began. */
const registered = new Map<string, HandlerType>();

/** Makes `target` known to the isolate that this thread or process is about to become. */
export function register(target: HandlerType): void {
  const known = registered.get(target.name);
  if (known !== undefined && known !== target)
    throw new Error(`isolate(...) was given two classes called ${target.name}; an isolate knows them by name.`);
  registered.set(target.name, target);
}

/**
 * The class at `address`. CommonJS modules have their exports in `default` as well.
 *
 * @throws HandlerNotExportedError
 */
export async function classAt({ file, exportName }: Address): Promise<HandlerType> {
  const known = registered.get(exportName);
  if (known !== undefined) return known;
  if (file === undefined) {
    const names = [...registered.keys()].join(', ') || 'none';
    throw new Error(`${exportName} is not among the classes that isolate(...) was given: ${names}. Name it there.`);
  }
  const exported = (await import(/* @vite-ignore */ file)) as Record<string, unknown>;
  const inside = exported['default'] as Record<string, unknown> | undefined;
  const found = exported[exportName] ?? inside?.[exportName];
  if (typeof found !== 'function')
    throw new HandlerNotExportedError(exportName, file, 'no such class', classesIn(exported));
  return found as HandlerType;
}

/** The file that Node was started with, as a URL; undefined where it was started with none. */
function mainFile(): string | undefined {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve(process.argv[1] ?? '')).href;
  } catch {
    return undefined;
  }
}

function nameOf(target: HandlerType, exported: Record<string, unknown>): string | undefined {
  const inside = exported['default'];
  for (const names of [exported, typeof inside === 'object' && inside !== null ? inside : {}]) {
    const found = Object.entries(names).find(([, value]) => value === target);
    if (found !== undefined) return found[0];
  }
  return undefined;
}

function classesIn(exported: Record<string, unknown>): string[] {
  return Object.keys(exported).filter((name) => typeof exported[name] === 'function');
}
