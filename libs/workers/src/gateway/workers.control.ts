import type { Channel } from '../channel/channel.js';
import type { ChannelDeclaration } from '../channel/channel.declaration.js';
import type { Announcer } from '../observe/announcer.js';
import { ConfigurationError } from '../option.table.js';
import { WorkerElsewhereError, WorkerUnknownError } from '../worker/worker.errors.js';
import { shown } from '../workers.error.js';
import type { WorkerClass } from './worker.gateway.js';

/** A ticker, by its class. */
export type TickerClass = new (...args: never[]) => { tick(...args: never[]): unknown };

/** A worker or ticker, by its class or its name. */
export type WorkerTarget = WorkerClass | TickerClass | { readonly worker: string };

/** What can be paused: a worker or ticker, or a channel, by value or by name. */
export type PauseTarget = WorkerTarget | ChannelDeclaration | { readonly channel: string };

/** Who wants it, for the event that tells of it. */
export interface ControlOptions {
  readonly actor?: string;
}

/** One running worker or ticker, as far as it can be controlled. */
export interface Controllable {
  readonly name: string;
  /** Whether this process runs it. */
  readonly isHere: boolean;
  readonly concurrency: number;
  /** How high its concurrency may go; undefined where nothing bounds it. */
  readonly mostPermits: number | undefined;
  /** Why its concurrency is not to be changed; undefined when it may. */
  readonly fixed: string | undefined;
  pause(): boolean;
  resume(): boolean;
  setConcurrency(concurrency: number): void;
}

/** What the control needs of the application behind it. */
export interface ControlPremises {
  readonly announcer: Announcer;
  controllable(target: string | WorkerClass | TickerClass): Controllable | undefined;
  controllables(): readonly string[];
  channel<T>(named: ChannelDeclaration<T> | string): Channel<T>;
}

/**
 * Changes how the workers of a running application run; injectable.
 *
 * A worker or ticker is paused in this process. A channel in memory too; a durable one for all hosts, which follow within a second. What
 * runs goes on, what is put waits within its bounds, and a ticker that is paused leaves its ticks out. Each change is told as
 * `workers.action`. Nothing of it outlives the process but the pause of a durable channel, which lasts until it is resumed.
 *
 * When the application stops, what waits for a paused worker or on a paused channel in memory is not drained: it is left over at once.
 */
export class WorkersControl {
  constructor(private readonly premises: ControlPremises) {}

  /**
   * Takes nothing more for a worker, ticks no ticker, or gives nothing from a channel, until `resume`. Harmless when it is paused.
   *
   * @throws (rejects) WorkerUnknownError, WorkerElsewhereError, ChannelUnknownError; of a durable channel StoreUnreachableError
   */
  async pause(target: PauseTarget, { actor }: ControlOptions = {}): Promise<void> {
    const channel = this.channelOf(target);
    if (channel !== undefined) return channel.pause(actor);
    const worker = this.worker(target as WorkerTarget);
    if (worker.pause()) this.tell('pause', worker.name, actor);
  }

  /** The opposite of `pause`, with the same errors. Harmless when it is not paused. */
  async resume(target: PauseTarget, { actor }: ControlOptions = {}): Promise<void> {
    const channel = this.channelOf(target);
    if (channel !== undefined) return channel.resume(actor);
    const worker = this.worker(target as WorkerTarget);
    if (worker.resume()) this.tell('resume', worker.name, actor);
  }

  /**
   * How many messages a worker may have in flight from now on. With a lower number those above it are finished.
   *
   * @param concurrency from 1 up; for none, pause the worker. In threads and processes as many as its pool has places.
   * @throws WorkerUnknownError, WorkerElsewhereError, ConfigurationError
   */
  setConcurrency(target: WorkerTarget, concurrency: number, { actor }: ControlOptions = {}): void {
    const worker = this.worker(target);
    const most = worker.mostPermits ?? Number.MAX_SAFE_INTEGER;
    const where = `setConcurrency(${worker.name})`;
    if (worker.fixed !== undefined) throw new ConfigurationError([`${where}: ${worker.fixed}`]);
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > most) {
      const range = worker.mostPermits === undefined ? 'from 1 up' : `from 1 to ${most}, the places of its pool`;
      throw new ConfigurationError([`${where}: expected an integer ${range}, got ${shown(concurrency)}.`]);
    }
    const before = worker.concurrency;
    if (before === concurrency) return;
    worker.setConcurrency(concurrency);
    this.tell('concurrency', worker.name, actor, { before, concurrency });
  }

  private channelOf(target: PauseTarget): Channel | undefined {
    if (typeof target === 'function' || 'worker' in target) return undefined;
    return this.premises.channel('channel' in target ? target.channel : target);
  }

  private worker(target: WorkerTarget): Controllable {
    const asked = typeof target === 'function' ? target : target.worker;
    const found = this.premises.controllable(asked);
    if (found?.isHere === true) return found;
    if (found !== undefined) throw new WorkerElsewhereError(found.name);
    throw new WorkerUnknownError(typeof asked === 'string' ? asked : asked.name, this.premises.controllables());
  }

  private tell(
    action: 'pause' | 'resume' | 'concurrency',
    worker: string,
    actor: string | undefined,
    detail: Readonly<Record<string, unknown>> = {},
  ): void {
    this.premises.announcer.announce('workers.action', { action, worker, channel: undefined, actor, detail });
  }
}
