import { describe, expect, it } from 'vitest';
import { memoryTransaction } from '../testing/memory.store.js';
import { Awaited } from './awaited.js';
import { type Line, relayBench, turns } from './fixtures/bench.js';
import { Sender } from './sender.js';

async function senderBench() {
  const bench = await relayBench();
  const { store, clock, relay, line, channel } = bench;
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => void faults.push(error);
  const sender = new Sender(store, relay, new Awaited(store, clock, onFault), clock, onFault);
  line.calls.length = 0;
  const send = (payload: unknown) => sender.send(channel, { payload });
  const results = async (...payloads: unknown[]): Promise<string[]> => {
    const settled = await Promise.allSettled(payloads.map(send));
    return settled.map((one) => (one.status === 'fulfilled' ? String(one.value.id) : (one.reason as Error).name));
  };
  return { ...bench, sender, send, results, faults };
}

const appends = ({ calls }: Line): number => calls.filter((verb) => verb === 'append').length;

describe('a sender', () => {
  it('writes what is sent together in one statement, and each gets its own id', async () => {
    const { results, line } = await senderBench();
    expect(await results(1, 2, 3)).toEqual(['1', '2', '3']);
    expect(appends(line)).toBe(1);
  });

  it('writes what is sent while it writes in the next one', async () => {
    const { send, line } = await senderBench();
    let later: Promise<unknown>[] = [];
    line.next('append', () => {
      later = [send(2), send(3)];
    });
    await send(1);
    await Promise.all(later);
    expect(appends(line)).toBe(2);
  });

  it('writes the others one by one when one of them is refused', async () => {
    const { results, line } = await senderBench();
    line.next('append', new TypeError('one of them'));
    line.next('append', () => {});
    line.next('append', new TypeError('this one'));
    expect(await results(1, 2, 3)).toEqual(['1', 'TypeError', '2']);
  });

  it('does not write again what may have been written', async () => {
    const { results, line } = await senderBench();
    line.next('append', 'lose the answer');
    expect(await results(1, 2)).toEqual(['StoreUnreachableError', 'StoreUnreachableError']);
    expect(appends(line)).toBe(1);
    expect(await results(3)).toEqual(['3']);
  });

  it('refuses what cannot be written as a value, and nothing else', async () => {
    const { results } = await senderBench();
    expect(await results(1, () => {}, 2)).toEqual(['1', 'NotPortableError', '2']);
  });

  it('goes on after something was thrown that is not an error', async () => {
    const { results, line } = await senderBench();
    line.next('append', () => AbortSignal.abort('a text').throwIfAborted());
    expect(await results(1)).toEqual(['Error']);
    expect(await results(2)).toEqual(['2']);
  });

  it('has the relay here claim at once', async () => {
    const { send, hand } = await senderBench();
    await send(1);
    await turns();
    expect(hand.ids).toEqual([1]);
  });

  it('looks as soon for what was written within a transaction while it still looks for another', async () => {
    const { sender, channel, hand, clock, line } = await senderBench();
    const write = async (payload: number): Promise<void> => {
      const transaction = memoryTransaction(line.store);
      await sender.sendWithin([channel.envelope.write({ payload })], transaction);
      transaction.commit();
    };
    await write(1);
    await clock.advance(105);
    await turns();
    await write(2);
    await clock.advance(2);
    await turns();
    expect(hand.ids).toEqual([1, 2]);
  });

  it('looks soon for what was written within a transaction, whose commit it does not see', async () => {
    const { sender, channel, hand, clock, line } = await senderBench();
    const transaction = memoryTransaction(line.store);
    await sender.sendWithin([channel.envelope.write({ payload: 1 })], transaction);
    await clock.advance(3);
    transaction.commit();
    await clock.advance(2);
    await turns();
    expect(hand.ids).toEqual([1]);
    await clock.advance('1s');
    expect(line.calls.filter((verb) => verb === 'claim').length).toBeLessThan(12);
  });
});
