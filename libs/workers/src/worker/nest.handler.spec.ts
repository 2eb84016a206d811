import {
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  type NestInterceptor,
  ParseIntPipe,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { map, mergeMap, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { WorkerGateway } from '../gateway/worker.gateway.js';
import type { Message } from '../message/message.js';
import { boot } from '../testing/fixtures/boot.js';
import { gate, rejection } from '../testing/fixtures/promises.js';
import { until } from '../testing/until.js';
import { MESSAGE_REF, type WorkerContextType } from './nest.handler.js';
import type { WorkerContext } from './worker.context.js';
import { Worker } from './worker.decorator.js';

const Texts = channel<string>('texts', { buffer: 4 });

@Injectable()
class HeaderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const [, { headers }] = context.getArgs<[string, WorkerContext]>();
    return context.getType<WorkerContextType>() === 'worker' && headers['key'] === 'open';
  }
}

@Injectable()
class Shouting implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value) => `${String(value)}!`));
  }
}

class Oops extends Error {}

@Catch(Oops)
class OopsFilter implements ExceptionFilter {
  catch(error: Oops): string {
    return `filtered ${error.message}`;
  }
}

/** Notes what it is asked to look at. */
@Injectable()
class Trim implements PipeTransform {
  static readonly seen: ArgumentMetadata[] = [];

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    Trim.seen.push(metadata);
    return typeof value === 'string' ? value.trim() : value;
  }
}

describe("Nest's enhancers around a handler", () => {
  it('on the class and on the method, do as around a controller', async () => {
    @Worker({ in: Texts })
    @UseGuards(HeaderGuard)
    @UseFilters(OopsFilter)
    class Greeter {
      @UseInterceptors(Shouting)
      @UsePipes(Trim)
      handle(text: string): string {
        if (text === 'oops') throw new Oops(text);
        return `hello ${text}`;
      }
    }
    const { workers } = await boot({ channels: [Texts], providers: [Greeter] });
    const open = { headers: { key: 'open' } };
    expect(await workers.perform(Greeter, '  you ', open)).toBe('hello you!');
    expect(await workers.perform(Greeter, 'oops', open)).toBe('filtered oops');
    await expect(workers.perform(Greeter, 'you')).rejects.toThrow(ForbiddenException);
  });

  it('show pipes the payload, and leave the context alone', async () => {
    @Worker({ in: Texts })
    @UsePipes(Trim, ParseIntPipe)
    class Adder {
      handle(n: string, { messageId }: WorkerContext): string {
        return `${typeof n} ${messageId === '' ? 'without' : 'with'} id`;
      }
    }
    Trim.seen.length = 0;
    const { workers } = await boot({ channels: [Texts], providers: [Adder] });
    expect(await workers.perform(Adder, ' 12 ')).toBe('number with id');
    expect(Trim.seen).toHaveLength(1);
    expect((await rejection(workers.perform(Adder, 'twelve'))).message).toContain('numeric string is expected');
  });

  it('cost a handler without them nothing: it is called with its own this, straight', async () => {
    @Worker({ in: Texts })
    class Plain {
      private readonly word = 'plainly';

      handle(text: string): string {
        return `${this.word} ${text} ${new Error().stack?.includes('ExternalContext') === true ? 'enhanced' : 'straight'}`;
      }
    }
    const { workers } = await boot({ channels: [Texts], providers: [Plain] });
    expect(await workers.perform(Plain, 'said')).toBe('plainly said straight');
  });

  it('are its own: what the application has for all requests does not see it, whatever it carries', async () => {
    const Louds = channel<string>('louds', { buffer: 4 });
    @Worker({ in: Texts, name: 'Plain' })
    class Plain {
      handle(text: string): string {
        return text;
      }
    }
    @Worker({ in: Louds, name: 'Loud' })
    @UseInterceptors(Shouting)
    class Loud {
      handle(text: string): string {
        return text;
      }
    }
    const nobody: CanActivate = { canActivate: () => false };
    const { workers } = await boot({
      channels: [Texts, Louds],
      providers: [Plain, Loud, Shouting, { provide: APP_GUARD, useValue: nobody }],
    });
    expect([await workers.perform('Plain', 'a'), await workers.perform('Loud', 'a')]).toEqual(['a', 'a!']);
  });

  it.each(['fail', 'report'] as const)("may send while the application drains, with guard '%s'", async (guard) => {
    const { opened, open } = gate();
    const said: unknown[] = [];
    @Worker({ in: Texts, name: 'Writer', expose: true })
    class Writer {
      handle(): void {}
    }
    @Injectable()
    class Telling implements NestInterceptor {
      constructor(@Inject(WorkerGateway) private readonly workers: WorkerGateway) {}

      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(
          mergeMap(async (value) => {
            said.push(await this.workers.command('Writer', 'told'));
            return value as unknown;
          }),
        );
      }
    }
    const Slow = channel<string>('slow', { buffer: 4 });
    @Worker({ in: Slow, expose: true })
    @UseInterceptors(Telling)
    class Sleeper {
      handle(): Promise<void> {
        return opened;
      }
    }
    const { gateway } = await boot({
      channels: [Texts, Slow],
      providers: [Writer, Sleeper, Telling],
      guard,
      guardMs: 5_000,
    });
    const reply = gateway.request(Sleeper, 'now');
    await until(() => gateway.stats().workers['Sleeper']?.inFlight === 1);
    const stopped = gateway.stop();
    open();
    await Promise.all([reply, stopped]);
    expect(said).toEqual(['accepted']);
  });
});

describe('a request-scoped handler', () => {
  let made = 0;

  @Injectable({ scope: Scope.REQUEST })
  class Tenant {
    constructor(@Inject(MESSAGE_REF) private readonly message: Message) {}

    get name(): string {
      return this.message.headers['tenant'] ?? 'nobody';
    }
  }

  @Worker({ in: Texts }, { scope: Scope.REQUEST })
  class Scoped {
    private readonly number = ++made;

    constructor(
      private readonly tenant: Tenant,
      @Inject(MESSAGE_REF) private readonly message: Message<string>,
    ) {}

    handle(text: string): string {
      return `${this.number}: ${text} for ${this.tenant.name}, ${this.message.payload === text ? 'the same' : 'another'}`;
    }
  }

  it('is made anew for each message, and its providers see that message', async () => {
    made = 0;
    const { workers } = await boot({ channels: [Texts], providers: [Tenant, Scoped] });
    expect(await workers.perform(Scoped, 'a', { headers: { tenant: 'Ann' } })).toBe('1: a for Ann, the same');
    expect(await workers.perform(Scoped, 'b', { headers: { tenant: 'Bob' } })).toBe('2: b for Bob, the same');
  });

  it('becomes so by what it injects', async () => {
    @Worker({ in: Texts })
    class Bubbled {
      constructor(private readonly tenant: Tenant) {}

      handle(_text: string): string {
        return this.tenant.name;
      }
    }
    const { workers } = await boot({ channels: [Texts], providers: [Tenant, Bubbled] });
    expect(await workers.perform(Bubbled, 'a', { headers: { tenant: 'Ann' } })).toBe('Ann');
    expect(await workers.perform(Bubbled, 'b')).toBe('nobody');
  });

  it('has enhancers like any other', async () => {
    @Worker({ in: Texts })
    @UseGuards(HeaderGuard)
    @UseInterceptors(Shouting)
    class Enhanced {
      constructor(private readonly tenant: Tenant) {}

      handle(_text: string): string {
        return this.tenant.name;
      }
    }
    const { workers } = await boot({ channels: [Texts], providers: [Tenant, Enhanced] });
    expect(await workers.perform(Enhanced, 'a', { headers: { tenant: 'Ann', key: 'open' } })).toBe('Ann!');
    await expect(workers.perform(Enhanced, 'a')).rejects.toThrow(ForbiddenException);
  });

  it('fails its message when it cannot be made, and no other', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Moody {
      constructor(@Inject(MESSAGE_REF) message: Message<string>) {
        if (message.payload === 'bad') throw new Error('not today');
      }
    }
    @Worker({ in: Texts })
    class Needy {
      constructor(readonly moody: Moody) {}

      handle(text: string): string {
        return text;
      }
    }
    const { workers } = await boot({ channels: [Texts], providers: [Moody, Needy] });
    await expect(workers.perform(Needy, 'bad')).rejects.toThrow('not today');
    expect(await workers.perform(Needy, 'good')).toBe('good');
  });
});
