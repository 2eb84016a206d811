import { Body, ConflictException, Controller, type INestApplication, Module, Post, UseFilters } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import { IsInt } from 'class-validator';
import { lastValueFrom, type Observable } from 'rxjs';
import request from 'supertest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { CrashLoopError } from '../isolate/isolate.errors.js';
import { WorkersStoppingError } from '../lifecycle/stop.errors.js';
import { PermanentError } from '../message/fault.js';
import { HeldClock } from '../testing/held.clock.js';
import { RecordingDispatcher } from '../testing/recording.dispatcher.js';
import { until } from '../testing/until.js';
import { Worker } from '../worker/worker.decorator.js';
import { HandlerTimeoutError } from '../worker/worker.errors.js';
import { WorkersModule } from '../workers.module.js';
import type { WorkersModuleOptions } from '../workers.options.js';
import { WorkersError } from '../workers.error.js';
import { WorkerGateway } from './worker.gateway.js';
import { httpExceptionFor, WorkersExceptionFilter } from './workers.filter.js';

class Order {
  @IsInt()
  amount!: number;
}

const Orders = channel<Order>('orders', {
  buffer: 2,
  putMode: 'drop',
  payload: Order,
  shed: { at: 1, retryAfter: '2500ms' },
});

@Worker({ in: Orders, expose: true, timeout: '10s' })
class OrderWorker {
  handle({ amount }: Order): string {
    if (amount === 409) throw new ConflictException('ordered before');
    if (amount === 500) throw new PermanentError('the secret is 42');
    return `ordered ${amount}`;
  }
}

@Controller('orders')
@UseFilters(WorkersExceptionFilter)
class OrdersController {
  constructor(private readonly workers: WorkerGateway) {}

  @Post()
  order(@Body() body: Order): Promise<string> {
    return this.workers.request(OrderWorker, body, { timeout: '5s' });
  }

  @Post('later')
  later(@Body() body: Order): Promise<string> {
    return this.workers.command(OrderWorker, body);
  }
}

async function serving(options: WorkersModuleOptions = {}): Promise<INestApplication> {
  @Module({
    imports: [
      WorkersModule.forRoot({
        channels: [Orders],
        guard: 'off',
        shutdown: { deadline: '200ms', abortGrace: '50ms' },
        ...options,
      }),
    ],
    controllers: [OrdersController],
    providers: [OrderWorker],
  })
  class ShopModule {}
  const moduleRef = await Test.createTestingModule({ imports: [ShopModule] }).compile();
  const app = moduleRef.createNestApplication({ logger: false });
  await app.listen(0);
  onTestFinished(async () => {
    const closing = app.close();
    if (options.clock instanceof HeldClock) await options.clock.advance('1m');
    await closing;
  });
  return app;
}

const post = (app: INestApplication, path: string, body: object) =>
  request(app.getHttpServer() as never)
    .post(path)
    .send(body);

describe('the exception filter', () => {
  it('lets an answer pass', async () => {
    const app = await serving();
    await post(app, '/orders', { amount: 7 }).expect(201, 'ordered 7');
  });

  it('answers 400 with the list for a payload that is not what was declared', async () => {
    const app = await serving();
    await post(app, '/orders', { amount: 'much' }).expect(400, {
      statusCode: 400,
      code: 'PAYLOAD_INVALID',
      message: 'A payload for channel "orders" is not what the channel declares.',
      issues: [{ path: 'amount', message: 'amount must be an integer number' }],
    });
  });

  it('answers 503 with Retry-After for an overloaded channel', async () => {
    const app = await serving({ dispatch: new RecordingDispatcher() });
    for (let n = 0; n < 3; n++) await post(app, '/orders/later', { amount: 1 }).expect(201, 'accepted');
    const { body } = await post(app, '/orders/later', { amount: 1 }).expect(503).expect('Retry-After', '3');
    expect(body).toMatchObject({ statusCode: 503, code: 'OVERLOADED' });
  });

  it('answers 409 for a duplicate of a message whose result was not kept', () => {
    class NotKept extends WorkersError {
      readonly code = 'RESULT_NOT_KEPT';
    }
    expect(httpExceptionFor(new NotKept('no')).getStatus()).toBe(409);
  });

  it('answers for a dead letter what it died of: 504 for a timeout, the exception for a HttpException, 500 otherwise', () => {
    class Buried extends WorkersError {
      readonly code = 'MESSAGE_BURIED';
      readonly messageId = '1';
    }
    const [own, other] = [new HandlerTimeoutError('OrderWorker', '1', 10), new HandlerTimeoutError('Other', '2', 10)];
    const causes = [own, other, new ConflictException(), new Error('no')];
    const statuses = causes.map((cause) => httpExceptionFor(new Buried('no', { cause })).getStatus());
    expect(statuses).toEqual([504, 500, 409, 500]);
  });

  it('answers 503 while isolates only die', () => {
    const answer = httpExceptionFor(new CrashLoopError('OrderWorker', 5, 30_000, new Error('signal SIGKILL')));
    expect(answer.getResponse()).toMatchObject({ statusCode: 503, code: 'ISOLATE_CRASH_LOOP' });
  });

  it('answers 503 with Retry-After when the application stops', async () => {
    const app = await serving();
    await app.get(WorkerGateway).stop();
    const { body } = await post(app, '/orders/later', { amount: 1 }).expect(503).expect('Retry-After', '1');
    expect(body).toMatchObject({ statusCode: 503, code: 'WORKERS_STOPPING' });
  });

  it.each([
    ['the request ran out of time', '5s', 'REQUEST_TIMEOUT'],
    ['the handler ran out of time', '5s', 'HANDLER_TIMEOUT'],
  ])('answers 504 when %s', async (_what, after, code) => {
    const clock = new HeldClock();
    const dispatch = new RecordingDispatcher();
    const workers = { OrderWorker: { timeout: code === 'HANDLER_TIMEOUT' ? '4s' : '10s' } } as const;
    const app = await serving({ clock, dispatch, workers });
    const answered = post(app, '/orders', { amount: 1 }).expect(504).then();
    await until(() => dispatch.runs.length === 1);
    await clock.advance(after as '5s');
    expect((await answered).body).toMatchObject({ statusCode: 504, code });
  });

  it("answers a handler's own HttpException as it is", async () => {
    const app = await serving();
    await post(app, '/orders', { amount: 409 }).expect(409, {
      statusCode: 409,
      message: 'ordered before',
      error: 'Conflict',
    });
  });

  it('answers 500 for a handler that failed, and gives nothing of it away', async () => {
    const app = await serving();
    const { text } = await post(app, '/orders', { amount: 500 }).expect(500);
    expect(JSON.parse(text)).toEqual({ statusCode: 500, code: 'HANDLER_FAILED', message: 'Internal server error' });
  });

  it('lets the error pass as it is where no HTTP is to be answered', async () => {
    const filter = new WorkersExceptionFilter();
    const error = new WorkersStoppingError('A message');
    const host = (type: string) => {
      const context = new ExecutionContextHost([]);
      context.setType(type);
      return context;
    };
    expect(() => filter.catch(error, host('worker'))).toThrow(error);
    await expect(lastValueFrom(filter.catch(error, host('rpc')) as Observable<never>)).rejects.toBe(error);
  });
});
