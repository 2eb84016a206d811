import { Subject } from 'rxjs';
import type { Channel } from '../../channel/channel.js';
import type { ChannelDeclaration } from '../../channel/channel.declaration.js';
import { ChannelUnknownError } from '../../channel/channel.errors.js';
import { packSending } from '../../channel/sending.js';
import type { PutResult } from '../../channel/waiting.room.js';
import type { SendOptions } from '../../dispatch/desk.js';
import type { CommandOptions, RequestOptions } from '../../gateway/entrance.js';
import type { Door, HostPart, Premises, WorkerClass } from '../../gateway/worker.gateway.js';
import { toMs } from '../../lifecycle/duration.js';
import type { Follower } from '../../observe/follower.js';
import type { WorkersStats } from '../../observe/stats.js';
import { WORKER_METADATA, type WorkerRecord } from '../../worker/worker.js';
import { NotInIsolateError } from '../isolate.errors.js';
import type { Packing } from '../packing.js';
import { atWork } from './at.work.js';
import type { Calls } from './calls.js';
import { FarChannel } from './far.channel.js';
import type { Link } from './link.js';

/**
 * The application as it is inside an isolate: what is behind the gateway there.
 *
 * Messages go to the host's workers, under the host's rules; statistics are those the host sent last, and asking asks for newer ones;
 * to start and to stop is the host's.
 */
export class FarPremises implements Premises {
  readonly channels: Readonly<Record<string, FarChannel>>;
  private snapshot: WorkersStats;

  constructor(
    private readonly link: Link,
    private readonly calls: Calls,
    packing: Packing,
    names: readonly string[],
    stats: WorkersStats,
    private readonly announcer: { readonly follower: Follower | undefined },
  ) {
    this.snapshot = stats;
    const put = (name: string, value: unknown): void => {
      const within = announcer.follower?.carried({}) ?? null;
      link.say(['put', name, packing.said(value), atWork.getStore() ?? null, within]);
    };
    this.channels = Object.fromEntries(names.map((name) => [name, new FarChannel(name, (value) => put(name, value))]));
  }

  entrance(worker: string | WorkerClass): Door {
    const name = typeof worker === 'string' ? worker : nameOf(worker);
    return {
      command: (payload, options) => this.command(name, payload, options),
      request: (payload, options) => this.request(name, payload, options) as never,
    };
  }

  /** Every worker is addressed by name here; the host knows which there are. */
  names(): { all: readonly string[]; exposed: readonly string[] } {
    const all = Object.keys(this.snapshot.workers);
    return { all, exposed: all };
  }

  channel<T>(named: ChannelDeclaration<T> | string): Channel<T> {
    const name = typeof named === 'string' ? named : named.name;
    const found = this.channels[name];
    if (found === undefined) throw new ChannelUnknownError(name, Object.keys(this.channels));
    return found as unknown as Channel<T>;
  }

  stats(): WorkersStats {
    this.link.say(['stats']);
    return this.snapshot;
  }

  part(name: string): HostPart {
    return { answer: (asked) => this.calls.ask('ask', name, asked, this.spoken({})) };
  }

  /** The host sent newer statistics. */
  refresh(snapshot: WorkersStats): void {
    this.snapshot = snapshot;
  }

  start(): Promise<void> {
    return Promise.reject(new NotInIsolateError('WorkerGateway.start', 'Start the application in the host.'));
  }

  stop(): Promise<void> {
    return Promise.reject(new NotInIsolateError('WorkerGateway.stop', 'Stop the application in the host.'));
  }

  private command(worker: string, payload: unknown, options: CommandOptions = {}): Promise<PutResult> {
    const { signal } = options;
    return this.calls.ask('command', worker, payload, this.spoken(options), { signal }) as Promise<PutResult>;
  }

  private request(worker: string, payload: unknown, options: RequestOptions = {}): object {
    const { signal } = options;
    const progress$ = new Subject<unknown>();
    const reply = this.calls.ask('request', worker, payload, this.spoken(options), {
      told: (value) => progress$.next(value),
      signal,
    });
    const done = (): void => progress$.complete();
    reply.then(done, done);
    return Object.assign(reply, { progress$: progress$.asObservable() });
  }

  /** What a sender says, as it crosses to the host: with the trace that is under way here, if somebody follows it. */
  private spoken(options: RequestOptions): SendOptions {
    const { follower } = this.announcer;
    const headers = follower === undefined ? options.headers : follower.carried(options.headers ?? {});
    const timeoutMs = toMs(options.timeout);
    const sending = packSending(options);
    return {
      ...(headers === undefined ? {} : { headers }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(sending === undefined ? {} : { sending }),
    };
  }
}

function nameOf(worker: WorkerClass): string {
  const record = Reflect.getOwnMetadata(WORKER_METADATA, worker) as WorkerRecord | undefined;
  const { name = worker.name } = (record?.options ?? {}) as { name?: string };
  return name;
}
