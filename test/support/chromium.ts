import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const cache = fileURLToPath(new URL('../../node_modules/.cache/nestjs-workers/', import.meta.url));
const manifest = new URL('../../node_modules/@sparticuz/chromium/package.json', import.meta.url);

/** The fonts beside it, wherever they lie: the browser's own list names folders of a machine that this one is not. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir></fontconfig>
`;

/** Of other systems than that which npm brings a browser for. */
const INSTALLED = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
];

/**
 * A real Chromium, on a machine that has nothing but Node and npm: on Linux (x64) the one that npm brings, with the libraries and the fonts it
 * needs; it is unpacked once, which takes some seconds. Elsewhere an installed one, or that which CHROMIUM_PATH names.
 */
export async function openChromium(): Promise<Browser> {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined && given !== '') return chromium.launch({ executablePath: given });
  if (process.platform === 'linux' && process.arch === 'x64') return brought();
  const executablePath = INSTALLED.find((path) => existsSync(path));
  if (executablePath !== undefined) return chromium.launch({ executablePath });
  throw new Error('There is no Chromium here. Install one, or say where it is with CHROMIUM_PATH.');
}

function brought(): Promise<Browser> {
  const home = unpacked();
  const env = { ...process.env, LD_LIBRARY_PATH: join(home, 'al2023/lib'), FONTCONFIG_PATH: join(home, 'fonts') };
  return chromium.launch({ executablePath: join(home, 'chromium'), env });
}

/** For a test's global set-up: unpacks it before anybody's time limit runs. */
export function setup(): void {
  if (process.platform === 'linux' && process.arch === 'x64') unpacked();
}

/** Unpacks beside and swaps, so that nobody finds half a browser. */
function unpacked(): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const home = join(cache, `browser-${version}`);
  if (existsSync(home)) return home;
  const fresh = join(cache, `.browser-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  // It unpacks into the temporary folder, and its libraries only where it takes the machine for one of those that have none.
  const env = { ...process.env, TMPDIR: fresh, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };
  const script = `import chromium from '@sparticuz/chromium'; await chromium.executablePath();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: cache, env });
  writeFileSync(join(fresh, 'fonts/fonts.conf'), FONTS);
  try {
    renameSync(fresh, home);
  } catch {
    // Somebody else was faster.
    rmSync(fresh, { recursive: true, force: true });
  }
  return home;
}
