import type { DeadLetter } from '@nestjs-workers/outbox';
import { describe, expect, it } from 'vitest';
import { shown, shownLetter } from './shown.js';

const all = (payload: unknown): unknown => payload;

const letter = (payload: unknown, unreadable?: string) =>
  ({ id: '7', channel: 'emails', headers: { tenant: 'acme' }, payload, unreadable }) as unknown as DeadLetter;

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

describe('a dead letter as it is shown', () => {
  it('is the original only where redact and JSON have left all of it', () => {
    const isOriginal = (payload: unknown, redact = all) => shownLetter(letter(payload), redact).isOriginal;
    for (const payload of [{ to: 'ada', tags: ['x', { n: 1 }] }, 'text', 0, null, []])
      expect([payload, isOriginal(payload)]).toEqual([payload, true]);
    for (const payload of [new Map([['a', 1]]), new Set(['a']), new Date(), { at: new Date() }, Buffer.from('x'), 10n])
      expect([payload, isOriginal(payload)]).toEqual([payload, false]);
    for (const payload of [cyclic, undefined, { a: undefined }, Number.NaN, () => {}])
      expect([payload, isOriginal(payload)]).toEqual([payload, false]);
    const card = { to: 'ada', card: '4111' };
    expect(isOriginal(card, (payload) => ({ ...(payload as object), card: '***' }))).toBe(false);
  });

  it('is told from its original by who changes what he is given, too', () => {
    const redact = (payload: unknown) => Object.assign(payload as object, { card: '***' });
    const seen = shownLetter(letter({ to: 'ada', card: '4111' }), redact);
    expect(seen).toMatchObject({ payload: { to: 'ada', card: '***' }, isOriginal: false });
  });

  it('has neither payload nor headers without redact', () => {
    expect(shownLetter(letter('secret', 'secret'), undefined)).toEqual({ id: '7', channel: 'emails' });
    expect(shownLetter(letter(undefined, 'secret'), () => '***')).toMatchObject({
      unreadable: '***',
      isOriginal: false,
    });
  });
});

it('shows what JSON has no word for, and says of the rest that it cannot be shown, quoting nothing', () => {
  const of = (payload: unknown, redact = all) =>
    shown({ id: '7', attempt: 1, waitedMs: 2, headers: {}, payload }, redact);
  expect(of({ n: 10n, map: new Map([['a', 1n]]), set: new Set(['b']) })).toMatchObject({
    payload: { n: '10', map: [['a', '1']], set: ['b'] },
  });
  expect(of(cyclic)).toMatchObject({ id: '7', unreadable: expect.stringContaining('threw TypeError') });
  const clumsy = (payload: unknown) => {
    throw new RangeError(`cannot redact ${String(payload)}`);
  };
  expect(JSON.stringify(of('4111', clumsy))).not.toContain('4111');
});
