import { provideWorkers, Worker, WorkerGateway, WorkersModule } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { Test } from '@nestjs/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { freshSchema } from '../../../../test/support/postgres.js';
import { OutboxModule } from '../index.js';
import { postgresStore } from '../postgres/index.js';
import { BookingClerk, Bookings, LATE, Opener, Openings, Tickets } from './fixtures/booking.js';

const printed: number[] = [];

@Worker({ in: Tickets })
class Printer {
  handle(seat: number): void {
    printed.push(seat);
  }
}

describe('the outbox inside a thread, on PostgreSQL', () => {
  const { connectionString, schema, drop, query } = freshSchema();
  let gateway: WorkerGateway;

  beforeAll(async () => {
    // Only a wake-up, or a look that somebody asked for, is as quick as this test wants it.
    const relay = { pollInterval: '30s' } as const;
    const store = postgresStore({ connectionString, schema });
    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({
          channels: [Bookings, Openings, Tickets],
          guard: 'off',
          isolates: { startupTimeout: '60s' },
        }),
        OutboxModule.forRoot({ store, relay }),
      ],
      providers: [Printer, Opener, ...provideWorkers(BookingClerk)],
    }).compile();
    await moduleRef.init();
    gateway = moduleRef.get(WorkerGateway);
    return async () => {
      await moduleRef.close();
      await drop();
    };
  }, 90_000);

  it('writes in the transaction of a client there: what is committed is handled, in order and at once, and nothing else', async () => {
    await gateway.request(BookingClerk, { connectionString, seats: [1, 2], end: 'rollback' });
    const added = await gateway.request(BookingClerk, { connectionString, seats: [3, 4, 5], end: 'commit' });
    await until(() => printed.length >= 3, '10s');
    expect(printed).toEqual([3, 4, 5]);
    expect(added).toHaveLength(3);
    // What a handler is done with is told to the store after it, some together.
    await until(async () => (await query(`select from "${schema}".message`)).length === 0, '10s');
    expect(await query(`select from "${schema}".once`)).toHaveLength(1);
  });

  it('writes nothing when the transaction is over that it was meant for, though another is open', async () => {
    const refused = await gateway.request(BookingClerk, { connectionString, seats: [LATE], end: 'commit and begin' });
    expect(refused).toMatch(/over before the message came to be written\. Nothing was written\./);
    expect(await query(`select channel from "${schema}".message`)).toEqual([]);
  });
});
