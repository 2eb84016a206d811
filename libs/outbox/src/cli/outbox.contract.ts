import { beforeEach, expect, it } from 'vitest';
import type { Store } from '../store/store.js';
import { fill, run } from './fixtures/command.line.js';

/** A database that nobody has used, as a command line names it, and as a store. */
export interface Place {
  readonly named: readonly string[];
  /** Open and up to date; closed by whoever made the place. */
  readonly open: () => Promise<Store>;
  /** Runs what `sql` prints. */
  readonly apply: (sql: string) => Promise<void>;
}

/** What `nestjs-workers outbox` does, whatever store it is told to look at. */
export function commandsContract(make: () => Promise<Place>): void {
  let place: Place;
  const outbox = (...args: readonly string[]) => run(['outbox', args[0] as string, ...place.named, ...args.slice(1)]);

  beforeEach(async () => {
    place = await make();
  });

  it('migrates what is missing, says what, and finds nothing to do the second time', async () => {
    const first = await outbox('migrate');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^applied: .+\n[^]*is up to date: (\d+) of \1 migrations applied, \1 of them now\.\n$/);
    const second = await outbox('migrate');
    expect(second.out).toMatch(/^.* is up to date: (\d+) of \1 migrations applied, 0 of them now\.\n$/);
  });

  it('prints SQL that brings the tables up to date by hand, and none for what is applied', async () => {
    const all = await outbox('sql');
    expect(all).toMatchObject({ code: 0, err: '' });
    await place.apply(all.out);
    expect((await outbox('migrate')).out).toContain(', 0 of them now.');
    expect((await outbox('sql', '--after', '999')).out).not.toContain('create table nestjs');
  });

  it('counts what lies in each channel', async () => {
    const store = await place.open();
    await fill(store, 'emails', { live: 3, dead: 1 });
    await fill(store, 'nobody-here-knows', { live: 1 });
    const { code, out } = await outbox('status');
    expect(code).toBe(0);
    const lines = out.split('\n').map((line) => line.trim().split(/\s{2,}|\s(?=applied)/));
    expect(lines).toContainEqual(['channel', 'ready', 'delayed', 'claimed', 'dead', 'suspects', 'oldest']);
    expect(lines).toContainEqual(['emails', '3', '0', '0', '1', '0', expect.stringMatching(/^\d+(\.\d)? \w+$/)]);
    expect(lines).toContainEqual(['nobody-here-knows', '1', '0', '0', '0', '0', expect.any(String)]);
    const json = JSON.parse((await outbox('status', '--json')).out) as object;
    expect(json).toMatchObject({
      channels: { emails: { ready: 3, dead: 1 } },
      migrations: [{ number: 1 }, { number: 2 }],
    });
  });

  it('lists dead letters with their history, harmless for a terminal, and payloads only when asked', async () => {
    const [id] = await fill(await place.open(), 'emails', { dead: 1 });
    const { code, out } = await outbox('dead-letters');
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(new RegExp(`^${id}  emails  attempts  \\d{4}-.*Z, 2 attempts$`));
    expect(out.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {4}1 {2}.*Z {2}a-host:1 {2}handler_error {2}no,\\n\\u001b\[31m1$/),
      expect.stringMatching(/^ {4}2 {2}.*Z {2}a-host:1 {2}handler_error {2}no,\\n\\u001b\[31m2$/),
      '',
    ]);
    expect(out).not.toContain('secret');
    expect((await outbox('dead-letters', '--payloads')).out).toContain('    payload {"secret":0}');
    const [letter] = JSON.parse((await outbox('dead-letters', '--json')).out) as [object];
    expect(letter).toMatchObject({ id, channel: 'emails', reason: 'attempts', attempt: 2, history: [{}, {}] });
    expect(letter).not.toHaveProperty('payload');
  });

  it('lists those that are asked for, and says how many there are', async () => {
    await fill(await place.open(), 'emails', { dead: 3 });
    expect((await outbox('dead-letters', '--limit', '2')).out).toContain('2 of 3 dead letters');
    expect((await outbox('dead-letters', '--channel', 'emails', '--since', '1h')).out.match(/^\d/gm)).toHaveLength(3);
    expect((await outbox('dead-letters', '--since', '2099-01-01')).out).toBe('No dead letters.\n');
    expect((await outbox('dead-letters', '--reason', 'permanent')).out).toBe('No dead letters.\n');
    expect((await outbox('dead-letters', '--channel', 'emials')).out).toBe(
      'No dead letters in channel "emials". Known: "emails". Did you mean "emails"?\n',
    );
  });

  it('has those tried again that are named, and tells which are not dead', async () => {
    const store = await place.open();
    const [first, second] = await fill(store, 'emails', { dead: 2 });
    const { code, out, err } = await outbox('retry', String(first), '4711');
    expect({ code, out }).toEqual({ code: 1, out: `1 message is tried again: ${first}.\n` });
    expect(err).toContain('Message 4711 is no dead letter');
    expect((await store.stats())['emails']).toMatchObject({ ready: 1, dead: 1 });
    expect((await outbox('retry', String(second))).code).toBe(0);
  });

  it('has all of a channel tried again', async () => {
    const store = await place.open();
    await fill(store, 'emails', { dead: 2 });
    await fill(store, 'invoices', { dead: 1 });
    expect(await outbox('retry', '--channel', 'emails', '--all')).toMatchObject({ code: 0, err: '' });
    expect(await store.stats()).toMatchObject({ emails: { ready: 2, dead: 0 }, invoices: { ready: 0, dead: 1 } });
  });

  it('prunes, and says what', async () => {
    await place.open();
    expect(await outbox('prune', '--batch', '10')).toEqual({
      code: 0,
      out: 'removed: 0 finished, 0 deduplications, 0 ticks, 0 once\n',
      err: '',
    });
  });
}
