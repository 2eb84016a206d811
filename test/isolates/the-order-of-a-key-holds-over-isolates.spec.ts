import { describe, expect, it } from 'vitest';
import { provideWorkers } from '@nestjs-workers/core';
import { numbers, startedOnce } from '../support/application.js';
import { atRest, KINDS } from '../support/isolates.js';
import { Orders, Servant, type Served } from './fixtures/serving.js';

describe.each(KINDS)('in two isolates, each a $kind', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Orders],
    providers: provideWorkers(Servant),
    workers: { Servant: { dispatch: dispatch({ size: 2 }) } },
  });

  it('messages of one key are handled one after the other as they were put, wherever; those of other keys beside them', async () => {
    await atRest(app(), 'Servant', 2);
    const orders = numbers(60).map((n) => ({ customer: n % 3, ms: (n * 7) % 5 }));
    const served = await Promise.all(orders.map((order) => app().gateway.request(Servant, order)));
    const of = (customer: number): Served[] => served.filter((one) => one.customer === customer);
    for (const own of numbers(3).map(of)) {
      const early = own.filter(({ from }, n) => n > 0 && from < (own[n - 1] as Served).to);
      expect([own.length, early]).toEqual([20, []]);
    }
    const places = numbers(3).map((customer) => new Set(of(customer).map(({ where }) => where)).size);
    expect(Math.max(...places)).toBe(2);
    const isBeside = (one: Served) => of(1).some((other) => one.from < other.to && other.from < one.to);
    expect(of(0).some(isBeside)).toBe(true);
  });
});
