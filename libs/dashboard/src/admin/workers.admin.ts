import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type ActionName,
  type ControlOptions,
  type PauseTarget,
  type Redact,
  WorkersControl,
  type WorkersEvent,
  type WorkersEventName,
  type WorkersStats,
  type WorkerTarget,
} from '@nestjs-workers/core';
import { asError, WorkersApplication } from '@nestjs-workers/core/extension';
import type { DeadLetterPage, DeadLetterQuery, DeadLetters } from '@nestjs-workers/outbox';
import type { InstanceSummary, ListQuery, Workflows } from '@nestjs-workers/workflows';
import { finalize, Observable, ReplaySubject, share } from 'rxjs';
import { OutboxAbsentError, WorkflowsAbsentError } from './admin.errors.js';
import { Neighbour } from './neighbour.js';
import { shown, shownLetter, type Shown, type ShownLetter } from './shown.js';
import { type Snapshot, snapshotOf } from './snapshot.js';
import { type Topology, topologyOf } from './topology.js';

/** Who does it, for the event that tells of it. */
export interface AdminOptions extends ControlOptions {
  /** What may be seen of payloads. @default nothing */
  readonly redact?: Redact | undefined;
}

/** Which dead letters are meant; never all of them by leaving everything out. */
export type DeadLetterSelection =
  { readonly ids: readonly string[] } | (Omit<DeadLetterQuery, 'ids' | 'channel'> & { readonly channel: string });

/** Told to whoever watches: what happens seldom and matters. What every message announces is in the counters. */
const TOLD = [
  'workers.action',
  'workers.blocked',
  'workers.buried',
  'workers.fault',
  'workers.isolate-ended',
  'workers.isolate-ready',
  'workers.orphans',
  'workers.relay',
  'workers.running',
  'workers.saturation',
  'workers.starvation',
  'workers.stopped',
  'workers.taken-over',
] as const satisfies readonly WorkersEventName[];

/**
 * Looks at a running application's workers, and acts on them; provide it where you want to inject it.
 *
 * Promises: looking costs the messages nothing; payloads are shown only as `redact` says; every action, and every look at payloads, is told
 * as `workers.action` with the actor, after it took effect.
 * Does not promise: that anybody may do it. Guards are the application's.
 */
@Injectable()
export class WorkersAdmin {
  private readonly letters: Neighbour<DeadLetters>;
  private readonly workflows: Neighbour<Workflows>;
  private readonly streams = new Map<number, Observable<Snapshot>>();

  constructor(
    @Inject(WorkersApplication) private readonly application: WorkersApplication,
    @Inject(WorkersControl) private readonly control: WorkersControl,
    @Inject(ModuleRef) moduleRef: ModuleRef,
  ) {
    const outbox = () => import('@nestjs-workers/outbox');
    const workflows = () => import('@nestjs-workers/workflows');
    this.letters = new Neighbour(moduleRef, async () => (await outbox()).DeadLetters, OutboxAbsentError);
    this.workflows = new Neighbour(moduleRef, async () => (await workflows()).Workflows, WorkflowsAbsentError);
  }

  /** How far the application's workers are. */
  get state(): WorkersStats['state'] {
    return this.application.supervisor.state;
  }

  /** Channels, workers, tickers, and what goes where. */
  topology(): Topology {
    return topologyOf(this.application);
  }

  /** Everything that changes, now. */
  snapshot(): Snapshot {
    return snapshotOf(this.application);
  }

  /** The latest snapshot at once and then one every `everyMs`, made once for all who watch at that pace; completes when the workers have stopped. */
  snapshots$(everyMs: number): Observable<Snapshot> {
    const stream = this.streams.get(everyMs) ?? this.watch(everyMs);
    this.streams.set(everyMs, stream);
    return stream;
  }

  /** What happens that is seldom and matters: actions, overload, isolates, the relay, dead letters, faults. */
  get events$(): Observable<WorkersEvent> {
    return new Observable((subscriber) => this.application.announcer.listen((event) => subscriber.next(event), TOLD));
  }

  /** The same as of `WorkersControl`, with its errors. */
  pause(target: PauseTarget, options: ControlOptions = {}): Promise<void> {
    return this.control.pause(target, options);
  }

  /** The same as of `WorkersControl`, with its errors. */
  resume(target: PauseTarget, options: ControlOptions = {}): Promise<void> {
    return this.control.resume(target, options);
  }

  /** The same as of `WorkersControl`, with its errors. */
  setConcurrency(worker: WorkerTarget, concurrency: number, options: ControlOptions = {}): void {
    this.control.setConcurrency(worker, concurrency, options);
  }

  /**
   * Stops the workers of this process as its end does (drain, abort, report), and leaves the process up. It cannot be undone. Returns at
   * once; the snapshot says `draining`, then `stopped`.
   */
  drain({ actor }: ControlOptions = {}): void {
    if (this.state === 'draining' || this.state === 'stopped') return;
    this.tell('drain', undefined, actor, {});
    void this.application.stop();
  }

  /**
   * A few of the messages that wait on a channel and are next, without taking them.
   *
   * @param limit at most 100. @throws (rejects) ChannelUnknownError, StoreUnreachableError
   */
  async peek(channel: string, limit = 10, { actor, redact }: AdminOptions = {}): Promise<readonly Shown[]> {
    const found = await this.application.channel(channel).peek(Math.max(0, Math.min(100, Math.floor(limit))));
    if (redact !== undefined) this.tell('peek', channel, actor, { count: found.length });
    return found.map((message) => shown(message, redact));
  }

  /** Whether the application has an outbox, and so may have dead letters. */
  async hasDeadLetters(): Promise<boolean> {
    return (await this.letters.find()) !== undefined;
  }

  /** Dead letters, the latest first; without `redact` without payloads and headers. @throws (rejects) OutboxAbsentError, StoreUnreachableError */
  async deadLetters(
    query: DeadLetterQuery = {},
    page: DeadLetterPage = {},
    { actor, redact }: AdminOptions = {},
  ): Promise<readonly ShownLetter[]> {
    const found = await (await this.letters.get()).find(query, page);
    if (redact !== undefined) this.tell('peek', undefined, actor, { letters: found.length });
    return found.map((letter) => shownLetter(letter, redact));
  }

  /** How many there are. @throws (rejects) OutboxAbsentError, StoreUnreachableError */
  async countDeadLetters(query: DeadLetterQuery = {}): Promise<number> {
    return (await this.letters.get()).count(query);
  }

  /** Has them tried again; returns the ids of those that were dead. @throws (rejects) ChannelUnknownError, OutboxAbsentError, StoreUnreachableError */
  async retryDeadLetters(selection: DeadLetterSelection, { actor }: ControlOptions = {}): Promise<readonly string[]> {
    const ids = await (await this.letters.get()).retryAll(selection);
    if (ids.length === 0) await this.checkChannel(selection);
    this.tellOf('retry', selection, actor, ids);
    return ids;
  }

  /** Has one tried again with another payload. @throws (rejects) DeadLetterUnknownError, PayloadInvalidError, NotPortableError, OutboxAbsentError */
  async editDeadLetter(id: string, payload: unknown, { actor }: ControlOptions = {}): Promise<void> {
    await (await this.letters.get()).retryWith(id, payload);
    this.tellOf('edit', { ids: [id] }, actor, [id]);
  }

  /** Forgets them for good; returns their ids. @throws (rejects) ChannelUnknownError, OutboxAbsentError, StoreUnreachableError */
  async discardDeadLetters(selection: DeadLetterSelection, { actor }: ControlOptions = {}): Promise<readonly string[]> {
    const ids = await (await this.letters.get()).discardAll(selection);
    if (ids.length === 0) await this.checkChannel(selection);
    this.tellOf('discard', selection, actor, ids);
    return ids;
  }

  /** The names of the application's workflows; none where there is no WorkflowsModule. */
  async workflowNames(): Promise<readonly string[]> {
    return (await this.workflows.find())?.names ?? [];
  }

  /** Instances of workflows, the latest begun first. @throws (rejects) WorkflowsAbsentError, WorkflowUnknownError, StoreUnreachableError */
  async instances(query: ListQuery = {}): Promise<readonly InstanceSummary[]> {
    return (await this.workflows.get()).list(query);
  }

  /** What instances have gone through, as `Workflows.diagram` draws it, with its errors. @throws (rejects) WorkflowsAbsentError */
  async diagram(
    workflow: string,
    options: { readonly instances?: number; readonly id?: string } = {},
  ): Promise<string> {
    return (await this.workflows.get()).diagram(workflow, options);
  }

  private watch(everyMs: number): Observable<Snapshot> {
    const { clock } = this.application.options;
    const stream: Observable<Snapshot> = new Observable<Snapshot>((subscriber) => {
      let timer = clock.after(0, () => {});
      const next = (): void => {
        timer.cancel();
        try {
          subscriber.next(this.snapshot());
        } catch (error) {
          this.application.announcer.fault('snapshot', asError(error));
        }
        if (this.state === 'stopped') return subscriber.complete();
        timer = clock.after(everyMs, next);
        timer.hold(false);
      };
      // Who waits for the end of the streams, as a server that closes, is not to wait for their pace.
      const deafen = this.application.announcer.listen(next, ['workers.stopped']);
      next();
      return () => {
        timer.cancel();
        deafen();
      };
    }).pipe(
      // A pace that nobody watches at any more is forgotten: there are as many as whoever asks likes.
      finalize(() => this.streams.get(everyMs) === stream && this.streams.delete(everyMs)),
      share({ connector: () => new ReplaySubject(1) }),
    );
    return stream;
  }

  /** A channel that is not declared here may have dead letters all the same, of another process or an older version. */
  private async checkChannel(selection: DeadLetterSelection): Promise<void> {
    if ('ids' in selection) return;
    const { channel } = selection;
    if ((await this.countDeadLetters({ channel })) === 0) this.application.channel(channel);
  }

  private tellOf(
    action: ActionName,
    selection: DeadLetterSelection,
    actor: string | undefined,
    ids: readonly string[],
  ): void {
    const channel = 'ids' in selection ? undefined : selection.channel;
    // A bulk action may be of a million: the count tells it, and the first few are to find one's way.
    if (ids.length > 0) this.tell(action, channel, actor, { count: ids.length, ids: ids.slice(0, 10).join(' ') });
  }

  private tell(
    action: ActionName,
    channel: string | undefined,
    actor: string | undefined,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    this.application.announcer.announce('workers.action', { action, worker: undefined, channel, actor, detail });
  }
}
