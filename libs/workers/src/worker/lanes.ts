import type { Delivery } from '../message/delivery.js';
import { Lane, type LaneOwner } from './lane.js';

/** The lanes of one worker that can still be lent: as many as were ever busy at a time, without those that were retired. */
export class Lanes implements Iterable<Lane> {
  private readonly all = new Set<Lane>();
  private readonly free: Lane[] = [];

  constructor(private readonly owner: LaneOwner) {}

  lend(): Lane {
    return this.free.pop() ?? this.add();
  }

  takeBack(lane: Lane): void {
    lane.rest();
    this.free.push(lane);
  }

  /** Its handler may still be running: it is never lent again. */
  retire(lane: Lane): void {
    this.all.delete(lane);
  }

  /** Aborts the signals of everything in flight and goes on waiting. */
  askToStop(reason: Error): void {
    for (const lane of this.all) lane.askToStop(reason);
  }

  /** Gives up on everything in flight. */
  abort(reason: Error): void {
    for (const lane of this.all) lane.abort(reason);
  }

  /** Aborts the signal of one delivery's handler. */
  disown(delivery: Delivery, reason: Error): void {
    for (const lane of this.all) if (lane.holds(delivery)) lane.askToStop(reason);
  }

  [Symbol.iterator](): Iterator<Lane> {
    return this.all.values();
  }

  private add(): Lane {
    const lane = new Lane(this.owner);
    this.all.add(lane);
    return lane;
  }
}
