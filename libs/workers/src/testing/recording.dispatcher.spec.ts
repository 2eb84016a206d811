import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { PermanentError } from '../message/fault.js';
import { Worker } from '../worker/worker.decorator.js';
import { HandlerFailedError } from '../worker/worker.errors.js';
import { boot } from './fixtures/boot.js';
import { rejection } from './fixtures/promises.js';
import { HeldClock } from './held.clock.js';
import { RecordingDispatcher } from './recording.dispatcher.js';

const Numbers = channel<number>('numbers', { buffer: 8 });

@Worker({ in: Numbers, expose: true, concurrency: 2 })
class Doubler {
  handle(n: number): number {
    if (n === 13) throw new Error('unlucky');
    return n * 2;
  }
}

const booted = (dispatch: RecordingDispatcher, clock = new HeldClock()) =>
  boot({ channels: [Numbers], providers: [Doubler], dispatch, clock });

describe('a recording dispatcher', () => {
  it('holds each run until the test says what came of it', async () => {
    const dispatcher = new RecordingDispatcher();
    const { gateway } = await booted(dispatcher);
    const replies = [gateway.request(Doubler, 1), gateway.request(Doubler, 2), gateway.request(Doubler, 3)];
    const [first, second] = [await dispatcher.next(), await dispatcher.next()];
    expect(dispatcher.runs.map(({ worker, payload, state }) => ({ worker, payload, state }))).toEqual([
      { worker: 'Doubler', payload: 1, state: 'running' },
      { worker: 'Doubler', payload: 2, state: 'running' },
    ]);
    second.done('two');
    expect(await replies[1]).toBe('two');
    first.fail(new PermanentError('no'));
    expect(await rejection(replies[0] as Promise<unknown>)).toMatchObject({ retryable: false, kind: 'handler_error' });
    const third = await dispatcher.next();
    third.lose();
    expect(await rejection(replies[2] as Promise<unknown>)).toBeInstanceOf(HandlerFailedError);
    expect(third.state).toBe('ended');
    expect(() => third.done()).toThrow('has ended before');
  });

  it('lets a function decide at once', async () => {
    const dispatcher = new RecordingDispatcher((run) => run.done(`decided ${String(run.payload)}`));
    const { gateway } = await booted(dispatcher);
    expect(await gateway.request(Doubler, 1)).toBe('decided 1');
  });

  it('lets the real handler decide', async () => {
    const dispatcher = new RecordingDispatcher((run) => void run.handle());
    const { gateway } = await booted(dispatcher);
    expect(await gateway.request(Doubler, 1)).toBe(2);
    expect((await rejection(gateway.request(Doubler, 13))).cause).toEqual(new Error('unlucky'));
  });

  it('sees a run abandoned after its timeout, and a late end reported', async () => {
    const dispatcher = new RecordingDispatcher();
    const clock = new HeldClock();
    const { gateway, workers } = await booted(dispatcher, clock);
    await gateway.command(Doubler, 1);
    const run = await dispatcher.next();
    await clock.advance('30s');
    expect([run.state, run.context.signal.aborted]).toEqual(['abandoned', true]);
    run.done(2);
    expect(workers.events('workers.late')).toMatchObject([{ worker: 'Doubler', what: 'result' }]);
  });

  it('says how many runs there were when the limit is over', async () => {
    await expect(new RecordingDispatcher().next(5)).rejects.toThrow('Waited 5 ms for run 1 to begin; 0 did.');
  });
});
