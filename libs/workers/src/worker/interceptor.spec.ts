import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { PutResult } from '../channel/waiting.room.js';
import { MessageDroppedError } from '../channel/channel.errors.js';
import { channel } from '../channel/channel.declaration.js';
import { PayloadInvalidError } from '../channel/payload.check.js';
import type { Message } from '../message/message.js';
import { boot } from '../testing/fixtures/boot.js';
import { rejection } from '../testing/fixtures/promises.js';
import { HeldClock } from '../testing/held.clock.js';
import { Ticker } from '../ticker/ticker.decorator.js';
import type { WorkerInterceptor } from './interceptor.js';
import type { WorkerContext } from './worker.context.js';
import { Worker } from './worker.decorator.js';
import { HandlerFailedError } from './worker.errors.js';

const Texts = channel<string>('texts', { buffer: 4 });

/** Writes down when it is passed, and in which order. */
function scribe(name: string, told: string[]): WorkerInterceptor {
  return {
    put: async (outgoing, next) => {
      told.push(`${name} put ${String(outgoing.payload)}`);
      const result = await next(outgoing);
      told.push(`${name} ${result}`);
      return result;
    },
    handle: async ({ payload }, { worker }, next) => {
      told.push(`${name} before ${worker.name} handles ${String(payload)}`);
      const value = await next();
      told.push(`${name} after ${String(value)}`);
      return value;
    },
  };
}

describe('interceptors', () => {
  it("stand around putting and handling, the module's outside the worker's, the first outermost", async () => {
    const told: string[] = [];
    @Worker({ in: Texts, expose: true, use: [scribe('worker', told)] })
    class Echo {
      handle(text: string): string {
        told.push('handled');
        return `${text} ${text}`;
      }
    }
    const use = [scribe('outer', told), scribe('inner', told)];
    const { gateway } = await boot({ channels: [Texts], providers: [Echo], use });
    expect(await gateway.request(Echo, 'hi')).toBe('hi hi');
    const put = ['outer put hi', 'inner put hi', 'worker put hi'];
    const handled = [
      'outer before Echo handles hi',
      'inner before Echo handles hi',
      'worker before Echo handles hi',
      'handled',
      'worker after hi hi',
      'inner after hi hi',
      'outer after hi hi',
    ];
    expect(told.filter((line) => !line.endsWith('accepted'))).toEqual([...put, ...handled]);
    expect(told.filter((line) => line.endsWith('accepted'))).toEqual([
      'worker accepted',
      'inner accepted',
      'outer accepted',
    ]);
  });

  it('may change payload and headers on the way in', async () => {
    const stamping: WorkerInterceptor = {
      put: (outgoing, next) =>
        next({
          ...outgoing,
          payload: `stamped ${String(outgoing.payload)}`,
          headers: { ...outgoing.headers, by: 'me' },
        }),
    };
    @Worker({ in: Texts, expose: true, use: [stamping] })
    class Teller {
      handle(text: string, { headers }: WorkerContext): unknown {
        return { text, headers };
      }
    }
    const { gateway } = await boot({ channels: [Texts], providers: [Teller] });
    expect(await gateway.request(Teller, 'letter', { headers: { from: 'you' } })).toEqual({
      text: 'stamped letter',
      headers: { from: 'you', by: 'me' },
    });
  });

  it('may refuse a message, with an error or as dropped, and then it is in no channel', async () => {
    const strict: WorkerInterceptor = {
      put: async ({ payload, worker, channel }, next): Promise<PutResult> => {
        if (payload === 'spam') throw new RangeError(`no spam for ${worker} on ${channel}`);
        return payload === 'dull' ? 'dropped' : next({ worker, channel, payload, headers: {} });
      },
    };
    @Worker({ in: Texts, expose: true, use: [strict] })
    class Reader {
      handle(text: string): string {
        return text;
      }
    }
    const { gateway, workers } = await boot({ channels: [Texts], providers: [Reader] });
    await expect(gateway.command(Reader, 'spam')).rejects.toThrow(new RangeError('no spam for Reader on texts'));
    await expect(gateway.request(Reader, 'spam')).rejects.toThrow(RangeError);
    expect(await gateway.command(Reader, 'dull')).toBe('dropped');
    expect(await gateway.request(Reader, 'news')).toBe('news');
    expect(workers.sent(Reader)).toEqual(['news']);
    const { accepted, refused, drops } = gateway.stats().channels['texts'] ?? {};
    expect({ accepted, refused, drops }).toEqual({ accepted: 1, refused: 2, drops: { 'input-drop': 1 } });
  });

  it.each(['dropped', 'accepted'] as const)('that keep a request and say %s have it rejected at once', async (said) => {
    const keeping: WorkerInterceptor = { put: async () => said };
    @Worker({ in: Texts, expose: true, use: [keeping] })
    class Reader {
      handle(_text: string): void {}
    }
    const { gateway } = await boot({ channels: [Texts], providers: [Reader], clock: new HeldClock() });
    const error = await rejection(gateway.request(Reader, 'news', { headers: { from: 'you' } }));
    expect(error).toBeInstanceOf(MessageDroppedError);
    expect(error).toMatchObject({
      reason: 'input-drop',
      channel: 'texts',
      undelivered: { payload: 'news', headers: { from: 'you' } },
    });
    expect(await gateway.command(Reader, 'news')).toBe(said);
    expect(gateway.stats().channels['texts']).toMatchObject({ refused: 0, drops: { 'input-drop': 2 } });
  });

  it('that keep quiet about why a message could not be put have its request rejected with that', async () => {
    const Numbers = channel('numbers', { buffer: 4, payload: z.number() });
    const quiet: WorkerInterceptor = { put: (outgoing, next) => next(outgoing).catch(() => 'dropped') };
    @Worker({ in: Numbers, expose: true, use: [quiet] })
    class Adder {
      handle(n: number): number {
        return n + 1;
      }
    }
    const { gateway } = await boot({ channels: [Numbers], providers: [Adder], clock: new HeldClock() });
    expect(await rejection(gateway.request('Adder', 'one'))).toBeInstanceOf(PayloadInvalidError);
    expect(await gateway.command('Adder', 'one')).toBe('dropped');
    expect(gateway.stats().channels['numbers']).toMatchObject({ refused: 2, drops: {} });
  });

  it('that try again after a failure are judged by what came of it in the end', async () => {
    const Numbers = channel('numbers', { buffer: 4, payload: z.number() });
    const mending: WorkerInterceptor = {
      put: (outgoing, next) => next(outgoing).catch(() => next({ ...outgoing, payload: Number(outgoing.payload) })),
    };
    @Worker({ in: Numbers, expose: true, use: [mending] })
    class Adder {
      handle(n: number): number {
        return n + 1;
      }
    }
    const { gateway } = await boot({ channels: [Numbers], providers: [Adder] });
    expect(await gateway.request('Adder', '1')).toBe(2);
    expect(gateway.stats().channels['numbers']).toMatchObject({ accepted: 1, refused: 1, drops: {} });
  });

  it('may answer in the place of the handler, change its value, and throw', async () => {
    const cache: WorkerInterceptor = {
      handle: async ({ payload }, _context, next) => {
        if (payload === 'known') return 'from the cache';
        const value = await next();
        if (payload === 'late') throw new Error('thought better of it');
        return `${String(value)}, looked up`;
      },
    };
    const handled: string[] = [];
    @Worker({ in: Texts, expose: true, use: [cache] })
    class Library {
      handle(text: string): string {
        handled.push(text);
        return text;
      }
    }
    const { gateway } = await boot({ channels: [Texts], providers: [Library] });
    expect(await gateway.request(Library, 'known')).toBe('from the cache');
    expect(await gateway.request(Library, 'new')).toBe('new, looked up');
    const error = await rejection(gateway.request(Library, 'late'));
    expect(error).toBeInstanceOf(HandlerFailedError);
    expect(error.cause).toEqual(new Error('thought better of it'));
    expect(handled).toEqual(['new', 'late']);
  });

  it('see what the handler throws, and may turn it into a value', async () => {
    const kind: WorkerInterceptor = {
      handle: async (_message, _context, next) => {
        try {
          return await next();
        } catch (error) {
          return `caught ${(error as Error).message}`;
        }
      },
    };
    @Worker({ in: Texts, expose: true, use: [kind] })
    class Grumpy {
      handle(text: string): string {
        throw new Error(text);
      }
    }
    const { gateway } = await boot({ channels: [Texts], providers: [Grumpy] });
    expect(await gateway.request(Grumpy, 'no')).toBe('caught no');
  });

  it("run inside the handler's timeout", async () => {
    const stuck: WorkerInterceptor = { handle: () => new Promise(() => {}) };
    @Worker({ in: Texts, expose: true, timeout: '1s', use: [stuck] })
    class Waiting {
      handle(_text: string): void {}
    }
    const clock = new HeldClock();
    const { gateway } = await boot({ channels: [Texts], providers: [Waiting], clock });
    const refused = rejection(gateway.request(Waiting, 'x'));
    await clock.advance('1s');
    expect(await refused).toMatchObject({ code: 'HANDLER_TIMEOUT' });
  });

  it('given as classes, are taken from the providers, or made with their dependencies when they are none', async () => {
    @Injectable()
    class Suffix {
      readonly text: string = '?';
    }
    @Injectable()
    class Provided implements WorkerInterceptor {
      static made = 0;

      constructor(private readonly suffix: Suffix) {
        Provided.made++;
      }

      async handle(_message: Message, _context: WorkerContext, next: () => Promise<unknown>): Promise<unknown> {
        return `${String(await next())}${this.suffix.text}`;
      }
    }
    @Injectable()
    class Unprovided extends Provided {}
    @Worker({ in: Texts, expose: true, use: [Provided, Unprovided] })
    class Echo {
      handle(text: string): string {
        return text;
      }
    }
    const { gateway } = await boot({ channels: [Texts], providers: [Echo, Provided, Suffix] });
    expect(await gateway.request(Echo, 'sure')).toBe('sure??');
  });

  it('stand around ticks too', async () => {
    const told: string[] = [];
    @Ticker({ every: '1s', use: [scribe('ticker', told)] })
    class Clock {
      tick(): string {
        return 'tock';
      }
    }
    const clock = new HeldClock();
    await boot({ providers: [Clock], clock });
    await clock.advance('1s');
    expect(told).toEqual(['ticker before Clock handles [object Object]', 'ticker after tock']);
  });

  it('without put leave putting as cheap as it was: a command is accepted at once', async () => {
    const passive: WorkerInterceptor = { handle: (_message, _context, next) => next() };
    @Worker({ in: Texts, expose: true, use: [passive] })
    class Echo {
      handle(text: string): string {
        return text;
      }
    }
    const { gateway, workers } = await boot({ channels: [Texts], providers: [Echo] });
    await gateway.command(Echo, 'first, which looks for interceptors');
    workers.clear();
    void gateway.command(Echo, 'second');
    expect(workers.sent(Echo)).toEqual(['second']);
  });
});
