import { describe, expect, it } from 'vitest';
import { channel } from './channel/channel.declaration.js';
import { boot } from './testing/fixtures/boot.js';
import { Ticker } from './ticker/ticker.decorator.js';
import { Worker } from './worker/worker.decorator.js';
import type { RunOptions } from './workers.options.js';

const Uploads = channel<string>('uploads', { buffer: 8 });
const Thumbnails = channel<string>('thumbnails', { buffer: 8 });

@Worker({ in: Uploads, expose: true })
class Resizer {
  handle(path: string): string {
    return `${path}.png`;
  }
}

@Worker({ in: Thumbnails, expose: true, name: 'gallery' })
class Gallery {
  handle(path: string): string {
    return path;
  }
}

@Ticker({ every: '1h' })
class Sweeper {
  tick(): void {}
}

function running(run: RunOptions) {
  return boot({ channels: [Uploads, Thumbnails], providers: [Resizer, Gallery, Sweeper], run });
}

function states({ gateway }: Awaited<ReturnType<typeof running>>) {
  const { workers, tickers } = gateway.stats();
  return [workers['Resizer']?.state, workers['gallery']?.state, tickers['Sweeper']?.state];
}

describe('what runs in a process', () => {
  it('is everything, or what `only` names, or all but what `except` names, by class or name', async () => {
    expect(states(await running({}))).toEqual(['running', 'running', 'running']);
    expect(states(await running({ only: [] }))).toEqual(['elsewhere', 'elsewhere', 'elsewhere']);
    expect(states(await running({ only: [Resizer, 'gallery'] }))).toEqual(['running', 'running', 'elsewhere']);
    expect(states(await running({ except: ['Resizer'] }))).toEqual(['elsewhere', 'running', 'running']);
  });

  it('is told when it begins, without the others', async () => {
    const { workers } = await running({ only: [Resizer] });
    expect(workers.events('workers.running')).toMatchObject([{ workers: ['Resizer'], tickers: [] }]);
  });

  it('is refused when it names nobody, says both, or is no list', async () => {
    await expect(running({ only: ['Resiser'] })).rejects.toThrow(
      /options\.run\.only: no worker or ticker is called "Resiser"\..*Did you mean "Resizer"\?/,
    );
    await expect(running({ only: [Resizer], except: ['Resizer'] })).rejects.toThrow(/give one of them/);
    await expect(running({ onyl: [] } as RunOptions)).rejects.toThrow(/options\.run\.onyl: unknown option/);
    await expect(running({ only: 'Resizer' as never })).rejects.toThrow(/options\.run\.only: expected a list/);
  });

  it('is refused when what runs here puts into this memory for a worker that runs elsewhere', async () => {
    @Worker({ in: Uploads, out: Thumbnails })
    class Feeder {
      handle(path: string): string {
        return path;
      }
    }
    const run = { except: [Gallery] };
    await expect(boot({ channels: [Uploads, Thumbnails], providers: [Feeder, Gallery], run })).rejects.toThrow(
      /"Feeder" runs here and puts on channel "thumbnails", which is in memory and whose worker does not run here \(gallery\)/,
    );
    await expect(boot({ channels: [Uploads, Thumbnails], providers: [Feeder], run: {} })).resolves.toBeDefined();
  });
});

describe('a worker that runs elsewhere', () => {
  it('is known, and a message for it is refused where no other process could ever take it', async () => {
    const { gateway } = await running({ except: [Resizer] });
    const refused = { code: 'WORKER_ELSEWHERE', worker: 'Resizer', channel: 'uploads' };
    await expect(gateway.command(Resizer, 'a')).rejects.toMatchObject(refused);
    await expect(gateway.request('Resizer', 'a')).rejects.toMatchObject(refused);
    expect(gateway.stats().channels['uploads']).toMatchObject({ accepted: 0, refused: 2 });
    expect(await gateway.request(Gallery, 'b')).toBe('b');
  });

  it('takes commands through its channel when somebody has subscribed there', async () => {
    const { gateway } = await running({ except: [Resizer] });
    const seen: string[] = [];
    gateway.channel(Uploads).subscribe((path) => seen.push(path));
    expect(await gateway.command(Resizer, 'a')).toBe('accepted');
    expect(seen).toEqual(['a']);
    await expect(gateway.request(Resizer, 'a')).rejects.toMatchObject({ code: 'WORKER_ELSEWHERE' });
  });

  it('shares its channel with a worker that runs here, which takes its messages', async () => {
    @Worker({ in: Uploads, expose: true })
    class Other {
      handle(path: string): string {
        return `other ${path}`;
      }
    }
    const run = { only: [Other] };
    const { gateway } = await boot({ channels: [Uploads], providers: [Resizer, Other], run });
    expect(await gateway.request(Resizer, 'a')).toBe('other a');
  });
});
