/**
 * Takes the pictures of the README and the guide from the running demo: starts it, gives it work for a while, and photographs its dashboard.
 * `node scripts/screenshots.mjs [folder]`, docs/images unless told otherwise.
 */
import '../test/support/typescript.import.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { openChromium } = await import('../test/support/chromium.ts');

const BUSY_MS = 75_000;
const LARGEST = 200_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const images = process.argv[2] ?? join(root, 'docs/images');
const scratch = mkdtempSync(join(tmpdir(), 'screenshots-'));
mkdirSync(images, { recursive: true });

const browser = await openChromium();
const demo = spawn(
  process.execPath,
  [join(root, 'apps/demo/dist/main.js'), '--serve', '--port', '0', '--out', join(scratch, 'out')],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const ended = once(demo, 'exit');
try {
  const address = await said(/Page +(http:\/\/127\.0\.0\.1:\d+)/);
  // Opened before there is work: curves begin when somebody looks.
  const pages = await Promise.all([
    open(address, 'dashboard-light', { colorScheme: 'light', viewport: { width: 1_280, height: 1_060 } }),
    open(address, 'dashboard-dark', { colorScheme: 'dark', viewport: { width: 1_280, height: 1_060 } }),
  ]);
  const worker = await open(
    address,
    'dashboard-worker',
    { colorScheme: 'dark', viewport: { width: 1_280, height: 1_060 } },
    '#/workers/ResizeWorker',
  );
  await keepBusy(address);
  for (const { name, page } of [...pages, worker]) await shoot(name, page);
  const flow = await open(
    address,
    'dashboard-workflow',
    { colorScheme: 'light', viewport: { width: 1_280, height: 720 } },
    '#/workflows/order',
  );
  await flow.page.locator('.diagram .state').first().waitFor();
  await shoot(flow.name, flow.page);
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await ended;
  rmSync(scratch, { recursive: true, force: true });
}

/** Reads on for as long as the demo runs: one that nobody reads any more ends at its next line. */
function said(wanted) {
  return new Promise((resolve, reject) => {
    let text = '';
    demo.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const found = wanted.exec(text);
      if (found !== null) resolve(found[1]);
    });
    demo.once('close', () => reject(new Error(`The demo ended before it said ${wanted}:\n${text}`)));
  });
}

async function open(address, name, options, hash = '') {
  const page = await browser.newPage(options);
  await page.goto(`${address}/dashboard${hash}`);
  await page.locator('.chapter').waitFor();
  return { name, page };
}

/** Pictures and orders, more and less of them. */
async function keepBusy(address) {
  const post = (path, body) =>
    fetch(`${address}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const endsAt = performance.now() + BUSY_MS;
  for (let nth = 0; performance.now() < endsAt; nth++) {
    await post('drawings', { count: 4 + Math.round(20 * (1 + Math.sin(nth / 5))) });
    if (nth % 3 === 0) {
      const card = ['good', 'declined-twice', 'declined'][(nth / 3) % 3];
      await post('orders', { id: `order-${nth + 10}`, prints: 12, card, payWithinSeconds: 5 });
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function shoot(name, page) {
  const path = join(images, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}: ${Math.round(size / 1_000)} kB`);
  if (size > LARGEST) throw new Error(`${path} has ${size} bytes, more than ${LARGEST}.`);
}
