import { describe, expectTypeOf, it } from 'vitest';
import type { Observable } from 'rxjs';
import {
  channel,
  type Channel,
  type ChannelDeclaration,
  type PutResult,
  type Reply,
  Ticker,
  type TickHandler,
  Worker,
  type WorkerContext,
  type WorkerFailure,
  type WorkerGateway,
  type WorkerHandler,
  type WorkersModuleOptions,
} from './index.js';
import type { WorkersTesting } from './testing/index.js';

interface Upload {
  readonly file: string;
}
interface Thumbnail {
  readonly pixels: number;
}

const Uploads = channel<Upload>('uploads', { buffer: 64 });
const Thumbnails = channel<Thumbnail>('thumbnails');
const Failures = channel<WorkerFailure>('failures');
const Ticks = channel<number>('ticks');

@Worker({ in: Uploads, out: Thumbnails, failures: Failures, expose: true })
class ResizeWorker implements WorkerHandler<Upload, Thumbnail> {
  async handle(upload: Upload, { signal }: WorkerContext): Promise<Thumbnail> {
    return Promise.resolve({ pixels: signal.aborted ? 0 : upload.file.length });
  }
}

@Worker({ in: Uploads })
class LogWorker {
  handle(_upload: Upload): void {}
}

declare const gateway: WorkerGateway;
declare const workers: WorkersTesting;
const upload: Upload = { file: 'cat.png' };

describe('the gateway', () => {
  it('takes what the worker handles', () => {
    expectTypeOf(gateway.command(ResizeWorker, upload)).toEqualTypeOf<Promise<PutResult>>();
    // @ts-expect-error a worker that handles uploads is sent no text
    void gateway.command(ResizeWorker, 'cat.png');
    // @ts-expect-error an upload has a file
    void gateway.request(ResizeWorker, {});
    // @ts-expect-error a timeout has a unit or is a number
    void gateway.request(ResizeWorker, upload, { timeout: 'soon' });
  });

  it('gives what the worker returns', () => {
    expectTypeOf(gateway.request(ResizeWorker, upload)).toEqualTypeOf<Reply<Thumbnail>>();
    expectTypeOf(gateway.request(ResizeWorker, upload)).resolves.toEqualTypeOf<Thumbnail>();
    expectTypeOf(gateway.request(LogWorker, upload)).resolves.toEqualTypeOf<void>();
    expectTypeOf(gateway.request(ResizeWorker, upload).progress$).toEqualTypeOf<Observable<unknown>>();
  });

  it('knows nothing of a worker that is addressed by its name', () => {
    expectTypeOf(gateway.request('ResizeWorker', 'anything')).toEqualTypeOf<Reply<unknown>>();
    expectTypeOf(gateway.command('ResizeWorker', 42)).toEqualTypeOf<Promise<PutResult>>();
  });

  it('addresses workers and nothing else', () => {
    class NoWorker {}
    // @ts-expect-error it has no handle
    void gateway.command(NoWorker, upload);
  });
});

describe('a channel', () => {
  it('carries the type it was declared with', () => {
    expectTypeOf(Uploads).toEqualTypeOf<ChannelDeclaration<Upload>>();
    expectTypeOf(gateway.channel(Uploads)).toEqualTypeOf<Channel<Upload>>();
    expectTypeOf(gateway.channel('uploads')).toEqualTypeOf<Channel>();
    gateway.channel(Uploads).subscribe((value) => expectTypeOf(value).toEqualTypeOf<Upload>());
    gateway.channel(Uploads).next(upload);
    // @ts-expect-error an upload has a file
    gateway.channel(Uploads).next({});
  });

  it('is of the type that its payload declares', () => {
    class Order {
      amount!: number;
    }
    expectTypeOf(channel('orders', { payload: Order })).toEqualTypeOf<ChannelDeclaration<Order>>();
    // @ts-expect-error the payload is an Order and the channel is of uploads
    channel<Upload>('orders', { payload: Order });
  });

  it('iterates over its type', () => {
    expectTypeOf(gateway.channel(Uploads)[Symbol.asyncIterator]().next()).resolves.toEqualTypeOf<
      IteratorResult<Upload, undefined>
    >();
    expectTypeOf(gateway.channel(Uploads).tap$).toExtend<Observable<{ readonly payload: Upload }>>();
  });
});

describe('@Worker', () => {
  it('takes a class that handles what its channel carries', () => {
    // @ts-expect-error it handles numbers, and the channel carries uploads
    @Worker({ in: Uploads })
    class Wrong {
      handle(_n: number): void {}
    }
    // @ts-expect-error it has no handle
    @Worker({ in: Uploads })
    class Nothing {}
    void [Wrong, Nothing];
  });

  it('takes a class that returns what its output carries, or nothing, now or later', () => {
    @Worker({ in: Uploads, out: Thumbnails })
    class Sometimes {
      handle({ file }: Upload): Thumbnail | undefined {
        return file === '' ? undefined : { pixels: 1 };
      }
    }
    @Worker({ in: Uploads, out: Thumbnails })
    class Never {
      async handle(_upload: Upload): Promise<void> {
        await Promise.resolve();
      }
    }
    // @ts-expect-error it returns text, and the output carries thumbnails
    @Worker({ in: Uploads, out: Thumbnails })
    class Wrong {
      async handle({ file }: Upload): Promise<string> {
        return Promise.resolve(file);
      }
    }
    void [Sometimes, Never, Wrong];
  });

  it('takes channels by their names, and then it cannot tell', () => {
    @Worker({ in: 'uploads', out: 'thumbnails' })
    class ByName {
      handle(n: number): string {
        return String(n);
      }
    }
    expectTypeOf(gateway.request(ByName, 1)).resolves.toEqualTypeOf<string>();
  });

  it('sends failures to channels of failures only', () => {
    // @ts-expect-error thumbnails are no failures
    Worker({ in: Uploads, failures: Thumbnails });
  });

  it('gives key the type of the message', () => {
    Worker({ in: Uploads, key: ({ payload }) => expectTypeOf(payload).toEqualTypeOf<Upload>() });
  });
});

describe('@Ticker', () => {
  it('takes a class that returns what its output carries, or nothing', () => {
    @Ticker({ every: '1s', out: Ticks })
    class Clock implements TickHandler<number> {
      tick({ sequence }: { sequence: number }): number {
        return sequence;
      }
    }
    @Ticker({ cron: '* * * * *', out: Ticks })
    class Quiet {
      tick(): void {}
    }
    // @ts-expect-error it returns text, and the output carries numbers
    @Ticker({ every: '1s', out: Ticks })
    class Wrong {
      tick(): string {
        return 'tock';
      }
    }
    // @ts-expect-error an interval has a unit
    Ticker({ every: '1 second' });
    void [Clock, Quiet, Wrong];
  });
});

describe("the module's options", () => {
  it('override with channels by value, of any type', () => {
    const options: WorkersModuleOptions = {
      workers: { ResizeWorker: { out: Thumbnails, failures: Failures, concurrency: 2 } },
      tickers: { Clock: { every: '5m', out: Ticks } },
    };
    void options;
  });

  it('override neither the name nor the input', () => {
    // @ts-expect-error the channel of a worker belongs to its decorator
    const input: WorkersModuleOptions = { workers: { ResizeWorker: { in: Uploads } } };
    // @ts-expect-error so does its name
    const name: WorkersModuleOptions = { workers: { ResizeWorker: { name: 'Other' } } };
    void [input, name];
  });
});

describe('the testing', () => {
  it('knows the types too', () => {
    expectTypeOf(workers.sent(ResizeWorker)).toEqualTypeOf<Upload[]>();
    expectTypeOf(workers.sent(Thumbnails)).toEqualTypeOf<Thumbnail[]>();
    expectTypeOf(workers.sent('ResizeWorker')).toEqualTypeOf<unknown[]>();
    expectTypeOf(workers.perform(ResizeWorker, upload)).resolves.toEqualTypeOf<Thumbnail>();
    expectTypeOf(workers.next('workers.drop')).resolves.toHaveProperty('reason');
    // @ts-expect-error a drop has no runMs
    void workers.next('workers.drop', { runMs: 1 });
    // @ts-expect-error no such event
    void workers.next('workers.dropped');
  });
});
