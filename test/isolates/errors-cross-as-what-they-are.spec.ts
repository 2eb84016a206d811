import { HttpException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { HandlerFailedError, NotPortableError, PermanentError, provideWorkers } from '@nestjs-workers/core';
import { rejection, startedOnce } from '../support/application.js';
import { KINDS } from '../support/isolates.js';
import { type Deed, Deeds, DomainError, Doer } from './fixtures/doing.js';

describe.each(KINDS)('from a $kind', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { dispatch: dispatch({ errors: [DomainError] }) } },
  });

  type Thrown = Extract<Deed, { does: 'throw' }>['what'];
  const thrown = async (what: Thrown): Promise<Error & Record<string, unknown>> => {
    const error = await rejection(app().gateway.request(Doer, { does: 'throw', what }));
    expect(error).toBeInstanceOf(HandlerFailedError);
    return error.cause as Error & Record<string, unknown>;
  };

  it('an error has its class, name, message, code, own properties, stack and cause', async () => {
    const error = await thrown('an error');
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'E_FAR', metres: 7 });
    expect(error.stack).toContain('doing.ts');
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause).toMatchObject({ message: 'the reason' });
  });

  it('an error of the application is an instance of the class that the dispatch names', async () => {
    const error = await thrown('an error of the application');
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ name: 'DomainError', code: 'E_DOMAIN', details: { order: 7 } });
    expect(error.cause).toMatchObject({ message: 'the reason' });
  });

  it('several errors in one stay several, each of its class', async () => {
    const error = (await thrown('several errors')) as unknown as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toMatchObject([{ message: 'first' }, { message: 'second', details: 2 }]);
    expect(error.errors[0]).toBeInstanceOf(TypeError);
    expect(error.errors[1]).toBeInstanceOf(DomainError);
  });

  it("Nest's HTTP exceptions are themselves, status and response included", async () => {
    const notFound = (await thrown('an HTTP exception')) as unknown as NotFoundException;
    expect(notFound).toBeInstanceOf(NotFoundException);
    expect(notFound.getStatus()).toBe(404);
    expect(notFound.cause).toMatchObject({ message: 'the reason' });
    const teapot = (await thrown('an HTTP exception of its own')) as unknown as HttpException;
    expect(teapot).toBeInstanceOf(HttpException);
    expect([teapot.getStatus(), teapot.getResponse()]).toEqual([418, { error: 'teapot' }]);
  });

  it('a permanent error is not retryable here either', async () => {
    app().workers.clear();
    expect(await thrown('a permanent error')).toBeInstanceOf(PermanentError);
    expect(app().workers.events('workers.error')).toMatchObject([{ kind: 'handler_error', retryable: false }]);
  });

  it('throw "string", and throw undefined: the caller hears of it at once', async () => {
    expect((await thrown('a string')).message).toContain('only words');
    expect(await thrown('nothing')).toBeInstanceOf(Error);
  });

  it('what cannot cross of an error is left out and named; the error crosses', async () => {
    const error = await thrown('an error around a function');
    expect(error).toMatchObject({ message: 'with a function', kept: 1, notPortable: ['call: a function (call)'] });
  });

  it.each(['a function', 'an object with a function', 'an instance', 'a symbol'] as const)(
    'a handler that returns %s fails that message, with the path, and the next one is handled',
    async (what) => {
      const error = await rejection(app().gateway.request(Doer, { does: 'return', what }));
      expect(error).toBeInstanceOf(NotPortableError);
      expect(error.message).toMatch(/result/);
      await expect(app().gateway.request(Doer, { does: 'echo', value: what })).resolves.toBe(what);
    },
  );

  it('a payload that cannot cross is refused to its sender, with the path, and nothing else is', async () => {
    const value = { user: { avatar: () => {} } };
    const [refused, handled] = [
      rejection(app().gateway.request(Doer, { does: 'echo', value })),
      app().gateway.request(Doer, { does: 'echo', value: 'beside it' }),
    ];
    expect(await refused).toMatchObject({ code: 'NOT_PORTABLE', path: 'payload.value.user.avatar' });
    expect(await handled).toBe('beside it');
    expect(app().gateway.stats().workers['Doer']).toMatchObject({ inFlight: 0, lost: 0 });
  });
});
