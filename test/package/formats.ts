import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const TSC = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

/** How applications are compiled. */
export const FORMATS = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext', type: 'module' },
  'commonjs and node10': {
    module: 'commonjs',
    moduleResolution: 'node10',
    ignoreDeprecations: '6.0',
    esModuleInterop: true,
    type: 'commonjs',
  },
};

/** A usual Nest application, with none of the settings that only our own house has. */
export const TYPED = {
  target: 'es2023',
  strict: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
};

/** What the compiler has to say; nothing, when all is well. */
export async function compile(project: string): Promise<string> {
  const said = await promisify(execFile)(process.execPath, [TSC, '-p', project]).catch((failed: unknown) => failed);
  return (said as { stdout: string }).stdout;
}
