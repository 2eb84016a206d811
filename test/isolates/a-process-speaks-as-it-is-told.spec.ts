import { describe, expect, it } from 'vitest';
import { inProcess, MiddlewareError, provideWorkers } from '@nestjs-workers/core';
import { numbers, rejection, start, startedOnce } from '../support/application.js';
import { endings } from '../support/isolates.js';
import { FROM_SOURCES } from '../support/sources.js';
import { seen, Speaker, Stillborn, Words, zipped } from './fixtures/dialects.js';

describe('a process with a serializer, middlewares and transaction ids of its own', () => {
  const app = startedOnce({ channels: [Words], providers: provideWorkers(Speaker) });
  const say = (word: unknown) => app().gateway.request(Speaker, word);

  it('writes with that pair, which may give bytes, and is answered in it', async () => {
    const word = { text: '😀é漢'.repeat(50_000), at: new Date(7) };
    expect(await say(word)).toEqual(word);
  });

  it('shows each message to the middlewares of both sides, which may change it, in their time and in order', async () => {
    seen.length = 0;
    expect(await Promise.all(numbers(20).map(say))).toEqual(numbers(20));
    expect(seen.filter((one) => one === 'outer send run')).toHaveLength(20);
    expect(seen.filter((one) => one === 'outer receive done')).toHaveLength(20);
    const inside = (await say('what did you see?')) as string[];
    expect(inside).toEqual(expect.arrayContaining(['outer receive run', 'outer send entered', 'outer send done']));
    expect(inside.some((one) => one.startsWith('outer send run'))).toBe(false);
  });

  it('a middleware that throws fails that message only, with its error as the cause', async () => {
    const [refused, other] = [rejection(say('refuse me')), say('beside it')];
    expect(await refused).toBeInstanceOf(MiddlewareError);
    expect((await refused).cause).toMatchObject({ message: 'not this one' });
    expect(await other).toBe('beside it');
    expect(endings(app())).toEqual([]);
  });

  it.each([
    ['make no sense', 'said something that is no word of the protocol'],
    ['be unheard', expect.stringMatching(/said something that cannot be read: .*"not this one either"/)],
    ['be garbled', expect.stringContaining('said something that cannot be read')],
  ])('one whose words %s is ended, and another one goes on', async (word, why) => {
    app().workers.clear();
    expect(await rejection(say(word))).toMatchObject({ code: 'ISOLATE_CRASHED' });
    expect(await say('hello')).toBe('hello');
    const [ended, ...others] = app().workers.events('workers.isolate-ended');
    expect([ended?.why, others]).toEqual([why, []]);
    app().workers.clear();
  });

  it.each([
    ['arrive garbled', 'could not go on: incorrect header check'],
    ['arrive senseless', 'could not go on: The host said something that is no word of the protocol'],
    ['arrive unwelcome', expect.stringMatching(/^could not go on: .*"not in here"/)],
  ])(
    'one at which our words %s says so, hears no more and is ended; all is said again to another one',
    async (word, why) => {
      app().workers.clear();
      const behind = numbers(20);
      expect(await Promise.all([word, ...behind].map(say))).toEqual([word, ...behind]);
      const [ended, ...others] = app().workers.events('workers.isolate-ended');
      expect([ended?.why, others]).toEqual([why, []]);
      app().workers.clear();
    },
  );

  it('one that cannot boot says why before it ends, however long a middleware takes over that', async () => {
    const error = await rejection(start({ channels: [Words], providers: provideWorkers(Stillborn) }));
    expect(error).toMatchObject({ code: 'ISOLATE_NOT_STARTED', cause: { message: 'not today' } });
  });

  it('a serializer that only one of the two sides has is refused at the start, by its name', async () => {
    const dispatch = inProcess({ execArgv: FROM_SOURCES, serializer: { ...zipped, name: 'other' } });
    const options = { channels: [Words], providers: provideWorkers(Speaker), workers: { Speaker: { dispatch } } };
    const error = await rejection(start(options));
    expect(error).toMatchObject({ code: 'ISOLATE_NOT_STARTED' });
    expect(error.message).toMatch(/serializer "other", the isolate has "zipped"/);
  });
});
