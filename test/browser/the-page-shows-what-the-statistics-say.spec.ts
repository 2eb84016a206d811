import { until } from '@nestjs-workers/core/testing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openChromium } from '../support/chromium.js';
import { ADAPTERS, HOSTILE, type House, Mailer, openHouse, Resizer } from './house.js';
import { excessOf, figure, go, type InPage, setHidden, tabTo, visit } from './visit.js';

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});

afterAll(() => browser?.close());

describe.for(Object.keys(ADAPTERS) as (keyof typeof ADAPTERS)[])('the page on %s', (adapter) => {
  let house: House;

  beforeAll(async () => {
    house = await openHouse(adapter);
  });

  afterAll(() => house?.close());

  it('is behind the guards, and so are its files, its stream and its API', async () => {
    const { url } = house;
    const html = await (await fetch(url, { headers: { cookie: 'who=ann' } })).text();
    const files = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => new URL(path as string, url).href);
    expect(files.length).toBeGreaterThan(20);
    for (const address of [url, ...files, `${url}/stream`, `${url}/topology`]) {
      expect([address, (await fetch(address)).status]).toEqual([address, 403]);
    }
    for (const address of files) {
      const { status, headers } = await fetch(address, { headers: { cookie: 'who=ann' } });
      expect([status, headers.get('x-content-type-options')]).toEqual([200, 'nosniff']);
      expect(headers.get('cache-control')).toContain('immutable');
    }
    expect((await fetch(`${url}/assets/x/nothing.js`, { headers: { cookie: 'who=ann' } })).status).toBe(404);
    expect((await fetch(`${url}/assets/x/..%2fpage.html`, { headers: { cookie: 'who=ann' } })).status).toBe(404);
  });

  it('shows what stats() says, as it changes', async () => {
    const { page } = await visit(browser, house);
    const { gateway } = house;
    await gateway.request(Resizer, 'a');
    await gateway.request(Resizer, 'bad').catch(() => {});
    for (let nth = 0; nth < 3; nth++) void gateway.command(Resizer, 'slow');
    await until(() => gateway.stats().workers['Resizer']?.inFlight === 3);
    await page.getByText('3 of 4 run').waitFor();
    const { channels, workers } = gateway.stats();
    expect(await figure(page, 'Running').textContent()).toBe('3');
    expect(await figure(page, 'Failed').textContent()).toBe('1');
    await page.getByRole('link', { name: /^Resizer / }).click();
    await page.getByRole('heading', { level: 1, name: 'Worker Resizer' }).waitFor();
    await page.getByText('handler error').waitFor();
    expect(await figure(page, 'Done').textContent()).toBe(String(workers['Resizer']?.done));
    expect(await figure(page, 'Running').textContent()).toBe(String(workers['Resizer']?.inFlight));
    await page.getByRole('link', { name: 'thumbnails' }).click();
    expect(await figure(page, 'Accepted').textContent()).toBe(String(channels['thumbnails']?.accepted));
    expect(await figure(page, 'Waiting').textContent()).toBe(String(channels['thumbnails']?.depth));
    house.letSlowOnesGo();
  });

  it('pauses, resumes and resizes, by the keyboard alone', async () => {
    const { page } = await visit(browser, house, '#/workers/Resizer');
    const { gateway } = house;
    const state = () => gateway.stats().workers['Resizer'];
    await tabTo(page, 'Pause', 'main');
    await page.keyboard.press('Enter');
    await page.getByRole('main').getByRole('button', { name: 'Resume' }).waitFor();
    expect(state()).toMatchObject({ state: 'paused' });
    await page.keyboard.press('Enter');
    await page.getByRole('main').getByRole('button', { name: 'Pause' }).waitFor();
    expect(state()).toMatchObject({ state: 'running' });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await page.getByText('Concurrency is 7.').waitFor();
    expect(state()).toMatchObject({ concurrency: 7 });
    expect(house.workers.events('workers.action').map(({ action, actor }) => `${action} by ${actor}`)).toEqual(
      expect.arrayContaining(['pause by ann', 'resume by ann', 'concurrency by ann']),
    );
  });

  it('shows a dead letter with its history, has it edited, and discards what is meant to be gone', async () => {
    const { gateway, workers } = house;
    const bury = async (to: string): Promise<string> => {
      const buried = workers.next('workers.buried');
      await gateway.command(Mailer, { to });
      return (await buried).messageId;
    };
    const [first, second] = [await bury('nobody 1'), await bury('nobody 2')];
    const { page } = await visit(browser, house, '#/letters');
    await page.getByText('2 of 2 dead letters').waitFor();
    await page.getByRole('link', { name: first, exact: true }).click();
    await page.locator('.attempts').getByText('no such address: nobody 1').waitFor();
    await page.getByText('Edit').click();
    expect(JSON.parse(await page.getByRole('textbox').inputValue())).toEqual({ to: 'nobody 1' });
    await page.getByRole('textbox').fill('{ "to": "ada" }');
    await page.getByRole('button', { name: 'Retry with this payload' }).click();
    await page.getByText('is not dead').waitFor();
    await until(() => gateway.stats().workers['Mailer']?.done === 1);
    await page.goto(`${house.url}#/letters/${second}`);
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
    await page.getByText('is not dead').waitFor();
    await page.goto(`${house.url}#/letters`);
    await page.getByText('There are no dead letters.').waitFor();
  });

  it('shows what waits on a channel when it is asked to', async () => {
    const { page } = await visit(browser, house, '#/channels/emails');
    await page.getByRole('main').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('main').getByRole('button', { name: 'Resume' }).waitFor();
    await house.gateway.command(Mailer, { to: 'grace' });
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByText('"to": "grace"').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
  });

  it('draws a workflow as its instances went through it', async () => {
    const { workflows } = house;
    await workflows.execute('order', 'o/1', { type: 'placed' });
    await workflows.execute('order', 'o/1', { type: 'paid' });
    const { page } = await visit(browser, house, '#/workflows/order');
    await page.locator('.diagram .state', { hasText: 'paid' }).waitFor();
    expect(await page.locator('.diagram .state').allTextContents()).toEqual(
      expect.arrayContaining(['begins', 'new', 'placed', 'paid']),
    );
    await page.getByRole('link', { name: 'o/1' }).click();
    await page.getByRole('heading', { level: 1, name: 'order o/1' }).waitFor();
    await page.locator('.diagram .ways', { hasText: 'placed / placed' }).waitFor();
  });

  it('runs nothing that a name, a payload or an error says', async () => {
    const { gateway, workers } = house;
    await gateway.request(HOSTILE, 'x');
    const buried = workers.next('workers.buried');
    await gateway.command(Mailer, { to: `nobody ${HOSTILE}` });
    const { messageId } = await buried;
    const { page, violations } = await visit(browser, house);
    const name = encodeURIComponent(HOSTILE);
    for (const hash of ['', `#/workers/${name}`, `#/channels/sealed%20${name}`, `#/letters/${messageId}`, '#/letters'])
      await go(page, house, hash);
    for (const hash of [`#/workflows/${name}`, `#/nothing/${name}`, '#/%E0%A4%A', '#/happenings'])
      await go(page, house, hash);
    expect(await page.evaluate(() => (globalThis as unknown as InPage).hacked)).toBeUndefined();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(violations).toEqual([]);
    // Not even a mistake of ours could make markup of a text.
    const said = await page.evaluate(() => {
      const { document } = globalThis as unknown as InPage;
      try {
        document.createElement('p').innerHTML = '<b>bold</b>';
        return 'made';
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(said).toContain('TrustedHTML');
    violations.length = 0;
    await go(page, house, `#/letters/${messageId}`);
    await page.locator('.said', { hasText: HOSTILE }).waitFor();
    expect(violations).toEqual([]);
  });

  it('holds still when it is asked to, and goes on', async () => {
    const { page } = await visit(browser, house, '#/workers/Resizer');
    const { page: other } = await visit(browser, house, '#/workers/Resizer');
    const done = Number(await figure(page, 'Done').textContent());
    await page.getByRole('banner').getByRole('button', { name: 'Hold' }).click();
    await page.getByText('held still').waitFor();
    await house.gateway.request(Resizer, 'while it is still');
    await figure(other, 'Done')
      .filter({ hasText: String(done + 1) })
      .waitFor();
    await go(page, house, '#/channels/thumbnails');
    await go(page, house, '');
    await page.setViewportSize({ width: 900, height: 900 });
    await page.locator('.lines[viewBox^="0 0 8"] .line[stroke-width]').waitFor();
    await go(page, house, '#/workers/Resizer');
    expect(await figure(page, 'Done').textContent()).toBe(String(done));
    await page.getByRole('button', { name: 'Go on' }).click();
    await figure(page, 'Done')
      .filter({ hasText: String(done + 1) })
      .waitFor();
  });

  it('goes on when something was done, so that its effect is seen', async () => {
    const { page } = await visit(browser, house, '#/channels/thumbnails');
    await page.getByRole('button', { name: 'Hold' }).click();
    await page.getByText('held still').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('button', { name: 'Hold' }).waitFor();
  });

  it.for([390, 1_920])('needs no scrolling sideways at %i px, in any chapter', async (width) => {
    const { page } = await visit(browser, house, '', { width, height: 900 });
    for (const hash of [
      '',
      '#/workers/Resizer',
      '#/channels/emails',
      '#/letters',
      '#/workflows/order',
      '#/happenings',
    ]) {
      await go(page, house, hash);
      expect([hash, await excessOf(page)]).toEqual([hash, 0]);
    }
  });
});

/** A page that shows the one letter that was buried in its house. */
async function atBuriedLetter(asked: Parameters<typeof openHouse>[1]) {
  const house = await openHouse('express', asked);
  onTestFinished(() => house.close());
  const buried = house.workers.next('workers.buried');
  await house.gateway.command(Mailer, { to: 'nobody' });
  const { messageId } = await buried;
  return { house, page: (await visit(browser, house, `#/letters/${messageId}`)).page };
}

it('fills in nothing to be put again where redact has changed what was put, and does not act on who runs elsewhere', async () => {
  const { house, page } = await atBuriedLetter({ redact: () => ({ to: '***' }), run: { except: [Resizer] } });
  await page.getByText('"to": "***"').waitFor();
  await page.getByText('Edit').click();
  expect(await page.getByRole('textbox').inputValue()).toBe('');
  await page.getByText('What is shown is not all that was put').waitFor();
  await go(page, house, '#/workers/Mailer');
  await page.getByRole('main').getByRole('button', { name: 'Pause' }).waitFor();
  await go(page, house, '#/workers/Resizer');
  await figure(page, 'Running').waitFor();
  expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
});

it('has no button to act with where it is read-only, and shows no payload without redact', async () => {
  const { house, page } = await atBuriedLetter({ write: false, redact: undefined as never });
  await page.getByText('Payloads are not shown here.').waitFor();
  expect(await page.getByText('"to"').count()).toBe(0);
  expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
  await page.goto(`${house.url}#/workers/Resizer`);
  await figure(page, 'Running').waitFor();
  expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
});

it.for(Object.keys(ADAPTERS) as (keyof typeof ADAPTERS)[])(
  'works behind a global prefix, with and without a slash at its end, on %s',
  async (adapter) => {
    const house = await openHouse(adapter, { prefix: 'api/v1' });
    onTestFinished(() => house.close());
    const { page, violations } = await visit(browser, house);
    await page.getByRole('link', { name: /^Resizer / }).waitFor();
    const { status } = await fetch(`${house.url}/`, { headers: { cookie: 'who=ann' } });
    if (status === 200) await page.goto(`${house.url}/`);
    await page.getByRole('link', { name: /^Resizer / }).waitFor();
    expect(violations).toEqual([]);
  },
);

it('lets the application stop while it watches, says that it is gone, and finds the next one', async () => {
  const house = await openHouse('express');
  const { page } = await visit(browser, house);
  await page.getByText('live').waitFor();
  await house.close();
  await page.getByText('looking for it').waitFor();
  const next = await openHouse('express', { port: Number(new URL(house.url).port) });
  onTestFinished(() => next.close());
  await page.getByText('live').waitFor();
});

it('asks for nothing while it is held still, in a chapter that looks for itself, too', async () => {
  const house = await openHouse('express');
  onTestFinished(() => house.close());
  await house.workflows.execute('order', 'o/1', { type: 'placed' });
  const { page } = await visit(browser, house, '#/workflows/order');
  await page.locator('.diagram .state', { hasText: 'placed' }).waitFor();
  const { page: other } = await visit(browser, house, '#/workers/Resizer');
  await page.clock.install();
  await page.getByRole('button', { name: 'Hold' }).click();
  await page.getByText('held still').waitFor();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.clock.fastForward(10_000);
  // What comes to the one has come to the other.
  for (const done of ['1', '2']) {
    await house.gateway.request(Resizer, done);
    await figure(other, 'Done').filter({ hasText: done }).waitFor();
  }
  expect(asked).toEqual([]);
  const look = page.waitForRequest(/workflows\/order\/diagram/);
  await page.getByRole('button', { name: 'Go on' }).click();
  await look;
});

it('lets go of its stream when nobody has looked for half a minute, and goes on when somebody does', async () => {
  const house = await openHouse('express', { maxStreams: 1 });
  onTestFinished(() => house.close());
  const isRoom = async (): Promise<boolean> => {
    const leaving = new AbortController();
    const init = { headers: { cookie: 'who=ann' }, signal: leaving.signal };
    const { ok } = await fetch(`${house.url}/stream`, init);
    leaving.abort();
    return ok;
  };
  const { page } = await visit(browser, house, '#/workers/Resizer');
  await page.getByText('live').waitFor();
  await page.clock.install();
  await setHidden(page, true);
  await page.clock.fastForward(20_000);
  expect(await isRoom()).toBe(false);
  await page.clock.fastForward(10_000);
  await until(isRoom);
  await house.gateway.request(Resizer, 'while nobody looks');
  expect(await figure(page, 'Done').textContent()).toBe('0');
  await setHidden(page, false);
  await figure(page, 'Done').filter({ hasText: '1' }).waitFor();
});
