import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { House } from './house.js';

/** What is used of a browser's globals, in functions that run there. */
export interface InPage {
  readonly document: {
    createElement(name: string): { innerHTML: string };
    dispatchEvent(event: Event): boolean;
    readonly documentElement: { readonly scrollWidth: number };
    readonly activeElement: { readonly textContent: string; closest(selector: string): object | null } | null;
  };
  readonly innerWidth: number;
  readonly hacked?: number;
  requestAnimationFrame(then: (at: number) => void): number;
}

/** A page that somebody has opened. */
export interface Visit {
  readonly page: Page;
  /** What the content security policy refused, and errors of the page's script. */
  readonly violations: string[];
}

/** Opens the page as somebody whom the guard lets in, for as long as the test lasts. */
export async function visit(
  browser: Browser,
  { url }: House,
  hash = '',
  viewport = { width: 1_280, height: 900 },
): Promise<Visit> {
  const context: BrowserContext = await browser.newContext({ viewport });
  onTestFinished(() => context.close());
  await context.addCookies([{ name: 'who', value: 'ann', url }]);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const violations: string[] = [];
  page.on('pageerror', (error) => violations.push(error.message));
  page.on('console', (message) => {
    // Asking for what is not there is an error to a browser.
    if (message.type() === 'error' && !message.text().includes('status of 404')) violations.push(message.text());
  });
  await page.goto(`${url}${hash}`);
  await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
  return { page, violations };
}

/** Goes to another chapter, and waits until it is drawn. */
export async function go(page: Page, { url }: House, hash: string): Promise<void> {
  await page.goto(`${url}${hash === '' ? '#/' : hash}`);
  // A frame is drawn when two have begun.
  await page.evaluate(async () => {
    const { requestAnimationFrame } = globalThis as unknown as InPage;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}

/** Goes to another tab, or comes back: a browser without a window shows all of them. */
export async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((isHidden) => {
    const { document } = globalThis as unknown as InPage;
    Object.defineProperty(document, 'hidden', { configurable: true, value: isHidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
}

/** How far the page is wider than its window. */
export async function excessOf(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as InPage;
    return document.documentElement.scrollWidth - innerWidth;
  });
}

/** Where a figure is shown. */
export function figure(page: Page, title: string): Locator {
  return page.locator('.figures > div', { has: page.getByText(title, { exact: true }) }).locator('.value');
}

/** Goes on with the tabulator until the button of that name in `place` has the focus. */
export async function tabTo(page: Page, name: string, place: string): Promise<void> {
  for (let step = 0; step < 30; step++) {
    await page.keyboard.press('Tab');
    const isThere = await page.evaluate(
      ([name, place]) => {
        const { activeElement } = (globalThis as unknown as InPage).document;
        return activeElement?.closest(place) !== null && activeElement?.textContent === name;
      },
      [name, place] as [string, string],
    );
    if (isThere) return;
  }
  throw new Error(`The tabulator never came to "${name}".`);
}
