import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** For tests of what a user gets: brings every `dist` up to date before the first of them runs. Quick when it is. */
export function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))], {
    stdio: 'inherit',
  });
}
