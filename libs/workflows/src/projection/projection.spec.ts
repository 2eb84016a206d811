import { Injectable } from '@nestjs/common';
import { ConfigurationError, WorkersStoppingError } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { describe, expect, it } from 'vitest';
import { application } from '../fixtures/application.js';
import { OrderWorkflow } from '../fixtures/order.js';
import { Projection, type ProjectedEvent, type ProjectionHandler, ProjectionUnknownError } from '../index.js';

@Injectable()
class Board {
  readonly lines: string[] = [];
  fails = 0;
  running = 0;
  most = 0;
  /** How long it takes to write on it. */
  ms = 0;
}

@Projection('board', { workflows: [OrderWorkflow], batch: 3 })
class OnBoard implements ProjectionHandler<typeof OrderWorkflow> {
  constructor(private readonly board: Board) {}

  async project(events: readonly ProjectedEvent<typeof OrderWorkflow>[]): Promise<void> {
    this.board.most = Math.max(this.board.most, ++this.board.running);
    await new Promise((resolve) => (this.board.ms > 0 ? setTimeout(resolve, this.board.ms) : resolve(undefined)));
    this.board.running--;
    if (this.board.fails-- > 0) throw new Error('the board is wet');
    for (const { id, sequence, event } of events) this.board.lines.push(`${id}.${sequence} ${event.type}`);
  }

  reset(): void {
    this.board.lines.length = 0;
  }
}

const place = (customer: string) => ({ type: 'place', customer, amount: 1 }) as const;

async function boarded(store = memoryStore(), board = new Board()) {
  const asked = { store, workflows: [OrderWorkflow], providers: [OnBoard, { provide: Board, useValue: board }] };
  return { ...(await application(asked)), board };
}

describe('a projection', () => {
  it('is shown every event in its order, in batches, and goes on where it was (IF31-34)', async () => {
    const store = memoryStore();
    const { app, workflows, board } = await boarded(store);
    for (const id of ['1', '2', '3', '4']) await workflows.execute(OrderWorkflow, id, place(id));
    await workflows.execute(OrderWorkflow, '1', { type: 'expire' });
    await until(() => board.lines.length >= 5);
    expect(board.lines).toEqual(['1.1 placed', '2.1 placed', '3.1 placed', '4.1 placed', '1.2 cancelled']);
    await app.close();
    const next = await boarded(store.another());
    await next.workflows.execute(OrderWorkflow, '2', { type: 'expire' });
    await until(() => next.board.lines.length >= 1);
    expect(next.board.lines).toEqual(['2.2 cancelled']);
  });

  it('is shown the same again when it fails, and that is told', async () => {
    const { workflows, board, faults } = await boarded();
    board.fails = 2;
    await workflows.execute(OrderWorkflow, '1', place('ada'));
    await until(() => board.lines.length === 1);
    expect(faults.map(({ message }) => message)).toEqual(['the board is wet', 'the board is wet']);
  });

  it('has one runner over all hosts', async () => {
    const store = memoryStore();
    const board = new Board();
    const [one] = await Promise.all([boarded(store, board), boarded(store.another(), board)]);
    for (let n = 0; n < 20; n++) await one.workflows.execute(OrderWorkflow, `${n}`, place(`${n}`));
    await until(() => board.lines.length >= 20);
    expect([board.lines.length, board.most]).toEqual([20, 1]);
  });

  it('is built anew from the first event, and tells how far it is', async () => {
    const { workflows, board, projections } = await boarded();
    for (let n = 0; n < 7; n++) await workflows.execute(OrderWorkflow, `${n}`, place(`${n}`));
    await until(() => board.lines.length === 7);
    board.lines.push('a mistake');
    const seen: number[] = [];
    expect(await projections.rebuild(OnBoard, ({ events }) => seen.push(events))).toBe(7);
    expect(board.lines).toHaveLength(7);
    expect(seen).toEqual([3, 6, 7]);
    await expect(projections.rebuild('bord')).rejects.toThrow(ProjectionUnknownError);
  });

  it('is not built anew any further when the application stops: the next one goes on', async () => {
    const { app, workflows, board, projections } = await boarded();
    for (let n = 0; n < 7; n++) await workflows.execute(OrderWorkflow, `${n}`, place(`${n}`));
    await until(() => board.lines.length === 7);
    const rebuilt = projections.rebuild(OnBoard, ({ events }) => {
      if (events > 3) return;
      board.ms = 100;
      void app.close();
    });
    await expect(rebuilt).rejects.toThrow(WorkersStoppingError);
    expect(board.lines).toHaveLength(6);
  });

  it('is refused at the start where it makes no sense', async () => {
    @Projection('lost', { workflows: ['ordr'], batch: 0, bacth: 1 } as never)
    class Lost {
      declare readonly project: () => void;
    }
    const failed: unknown = await application({ workflows: [OrderWorkflow], providers: [Lost] }).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(ConfigurationError);
    for (const part of ['project(events, context)', 'Did you mean "order"?', 'batch from 1', 'Did you mean "batch"?'])
      expect((failed as Error).message).toContain(part);
  });
});
