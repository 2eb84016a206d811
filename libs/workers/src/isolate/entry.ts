import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file in which an isolate begins: `name` beside the file at `here`, compiled, or its source where nothing is compiled. */
export function entryFile(name: string, here: string): URL {
  const compiled = new URL(`./${name}.js`, here);
  const source = new URL(`./${name}.ts`, here);
  return existsSync(fileURLToPath(compiled)) || !existsSync(fileURLToPath(source)) ? compiled : source;
}
