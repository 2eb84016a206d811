import { randomUUID } from 'node:crypto';
import type { Annex, Store } from '@nestjs-workers/outbox/extension';
import type { Position, ProjectionWork } from '../store/store.js';
import { runnerOf } from './commit.js';
import { NOW_MS } from './tables.js';

/** How long a projection stays with a runner that shows no sign of life: its process may be gone. */
const LEASE_MS = 10_000;

/**
 * Where projections are, and who runs them.
 *
 * A transaction cannot stay open while the event loop turns, so a runner has a lease, which it renews as long as it works.
 *
 * Does not promise: that there is one runner while a process holds its event loop for longer than the lease.
 */
export class Projections {
  private readonly table: string;

  constructor(
    private readonly store: Store,
    private readonly annex: Annex,
  ) {
    this.table = `${annex.namespace}workflow_projection`;
  }

  async checkpoint(projection: string): Promise<Position | undefined> {
    const [row] = await this.annex.run(`select position from ${this.table} where name = ?`, [projection]);
    return positionOf(row?.['position']);
  }

  async project(
    projection: string,
    work: (from: Position | undefined) => ReturnType<ProjectionWork>,
  ): Promise<boolean> {
    const runner = randomUUID();
    const begun = await this.take(projection, runner);
    if (begun === undefined) return false;
    const renewing = setInterval(() => void this.renew(projection, runner), LEASE_MS / 3);
    renewing.unref();
    try {
      const position = await work(begun.position);
      if (position !== undefined) await this.record(projection, runner, begun.turn, position);
    } finally {
      clearInterval(renewing);
      await this.giveBack(projection, runner);
    }
    return true;
  }

  async rewind(projection: string): Promise<void> {
    await this.annex.run(`update ${this.table} set position = null, turn = turn + 1 where name = ?`, [projection]);
  }

  private take(projection: string, runner: string) {
    return this.store.transact((transaction) => {
      const run = runnerOf(transaction);
      run(`insert into ${this.table} (name) values (?) on conflict do nothing`, [projection]);
      const [row] = run(
        `update ${this.table} set runner = ?, lease_until_ms = ${NOW_MS} + ${LEASE_MS}
        where name = ? and (runner is null or lease_until_ms <= ${NOW_MS})
        returning position, turn`,
        [runner, projection],
      );
      return row && { position: positionOf(row['position']), turn: Number(row['turn']) };
    });
  }

  /** Nothing to be told of: what is not renewed runs out. */
  private renew(projection: string, runner: string): Promise<unknown> {
    return this.annex
      .run(`update ${this.table} set lease_until_ms = ${NOW_MS} + ${LEASE_MS} where name = ? and runner = ?`, [
        projection,
        runner,
      ])
      .catch(() => {});
  }

  /** Not when the projection was rewound meanwhile, or is somebody else's by now. */
  private async record(projection: string, runner: string, turn: number, position: Position): Promise<void> {
    await this.annex.run(`update ${this.table} set position = ? where name = ? and runner = ? and turn = ?`, [
      Number(position),
      projection,
      runner,
      turn,
    ]);
  }

  private async giveBack(projection: string, runner: string): Promise<void> {
    await this.annex.run(`update ${this.table} set runner = null where name = ? and runner = ?`, [projection, runner]);
  }
}

function positionOf(value: unknown): Position | undefined {
  return typeof value === 'number' ? `${value}` : undefined;
}
