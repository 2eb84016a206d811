import { expect, it } from 'vitest';
import { durable } from '../index.js';
import { farLetters } from './far.letters.js';

class Mail {
  constructor(readonly to: string) {}

  greet(): string {
    return `dear ${this.to}`;
  }
}

it('dead letters inside an isolate leave a payload as it is, and name a channel that is declared', async () => {
  const asked: unknown[] = [];
  const letters = farLetters({ answer: (given) => void asked.push(given) });
  await letters.retryWith('7', { channel: { name: 'theirs' }, n: 1 });
  await letters.retryWith('7', new Mail('ada'));
  await letters.find({ channel: durable('mails'), reason: 'lost' }, { limit: 1 });
  await letters.count();
  expect(asked).toEqual([
    ['letters', 'retryWith', ['7', '{"channel":{"name":"theirs"},"n":1}']],
    ['letters', 'retryWith', ['7', '{"to":"ada"}']],
    ['letters', 'find', [{ channel: 'mails', reason: 'lost' }, { limit: 1 }]],
    ['letters', 'count', [undefined]],
  ]);
});

it('dead letters inside an isolate refuse a payload that cannot cross', async () => {
  const letters = farLetters({ answer: () => undefined });
  await expect(letters.retryWith('7', { call: () => {} })).rejects.toMatchObject({ code: 'NOT_PORTABLE' });
});
