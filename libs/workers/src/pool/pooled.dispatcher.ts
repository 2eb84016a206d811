import { performance } from 'node:perf_hooks';
import type { Dispatcher, DispatchSite, Run } from '../dispatch/dispatcher.js';
import type { Elsewhere } from '../dispatch/elsewhere.js';
import { addressOf, namedByHand } from '../isolate/address.js';
import type { Birth } from '../isolate/birth.js';
import type { Body, Habitat } from '../isolate/body.js';
import { Errand } from '../isolate/errand.js';
import { IsolateStartError } from '../isolate/isolate.errors.js';
import { Isolate, type IsolateOwner } from '../isolate/isolate.js';
import { Packing } from '../isolate/packing.js';
import type { Headers } from '../message/message.js';
import { asError } from '../message/fault.js';
import type { IsolateStats } from '../observe/stats.js';
import { knownErrors } from '../isolate/known.errors.js';
import { WorkersError } from '../workers.error.js';
import { InnerRun } from './inner.run.js';
import { Pool } from './pool.js';
import type { PoolSize, ResolvedPoolOptions } from './pool.options.js';
import type { RestartOptions } from './restarts.js';

const NOTHING: Headers = {};

/** What a pooled dispatcher is made of beside its site. */
export interface PooledParts {
  readonly options: ResolvedPoolOptions;
  readonly size: PoolSize;
  readonly restart: RestartOptions;
  readonly habitat: Habitat;
  /** The buffers of a payload that are handed over instead of copied. */
  readonly transfer: ((payload: unknown) => readonly ArrayBuffer[]) | undefined;
}

/**
 * Runs the handler in isolates: threads or child processes, as its habitat says.
 *
 * Promises: what every dispatcher promises, also when an isolate dies, hangs or says nonsense; the handler's time runs from when it is
 * entered, not while it waits in the pool or in an isolate.
 * Does not promise: an order between messages when there is more than one isolate and no key.
 */
export class PooledDispatcher implements Dispatcher {
  private readonly errands = new Map<Run, Errand>();
  /** Those with interceptors around them, until these have come to an end. */
  private readonly inner = new Map<Run, InnerRun>();
  private pool: Pool | undefined;
  private isStopped = false;

  constructor(
    private readonly site: DispatchSite & { readonly elsewhere: Elsewhere },
    private readonly parts: PooledParts,
  ) {}

  /** @throws (rejects) HandlerNotExportedError, IsolateStartError */
  async start(): Promise<void> {
    const { options, size, restart, habitat } = this.parts;
    const { clock, announcer, info } = this.site.elsewhere;
    const birth = await this.birth();
    if (this.isStopped) return;
    const { window, concurrency, crash, abortGrace, recycleAfter, idleAfter, pingEvery } = options;
    this.pool = new Pool({
      worker: this.site.name,
      kind: habitat.kind,
      size,
      window,
      concurrency,
      crash,
      onOver: (errand) => this.over(errand),
      handlerTimeout: info.timeoutMs,
      abortGrace,
      recycleAfter,
      idleAfter,
      pingEvery,
      restart,
      clock,
      announcer,
      spawn: (number, owner) => this.spawn(number, owner, birth),
    });
    await this.pool.start();
  }

  dispatch(run: Run): void {
    const { around } = this.site.elsewhere;
    if (around === undefined) return this.take(run);
    const inner = new InnerRun(run, (goes) => this.take(goes, run));
    this.inner.set(run, inner);
    void around(run.message, run.context, inner.go)
      .finally(() => this.leftBehind(run, inner))
      .then(
        (value) => inner.returned(value),
        (thrown: unknown) => inner.conclude(thrown),
      );
  }

  abandon(run: Run): void {
    const errand = this.errands.get(run);
    const inner = this.inner.get(run);
    inner?.forbid(reasonOf(run));
    // One of an earlier message is left where interceptors answered before its handler did.
    if (errand?.message === run.message) this.pool?.abandon(errand, reasonOf(run));
    else inner?.leave(reasonOf(run));
  }

  askToStop(reason: Error): void {
    this.pool?.askToStop(reason);
  }

  async stop(limitMs: number): Promise<void> {
    this.isStopped = true;
    await this.pool?.stop(limitMs);
  }

  isolates(): readonly IsolateStats[] {
    return this.pool?.stats() ?? [];
  }

  isolateDeaths(): number {
    return this.pool?.deaths ?? 0;
  }

  isCrashLooping(): boolean {
    return this.pool?.isCrashLooping ?? false;
  }

  /** `lent` is what the runner knows the run by; it lends its runs again, so the latest errand is the one that counts. */
  private take(run: Run, lent = run): void {
    const { follower } = this.site.elsewhere.announcer;
    const within = follower?.carried(NOTHING, run.message);
    this.letGo(lent);
    const errand = new Errand(run, within === NOTHING ? undefined : within, lent);
    this.errands.set(lent, errand);
    run.leftAt = performance.now();
    (this.pool as Pool).take(errand);
  }

  /** The interceptors have come to an end; a handler may still be under way. */
  private leftBehind(run: Run, inner: InnerRun): void {
    if (this.inner.get(run) !== inner) return;
    this.inner.delete(run);
    this.letGo(run);
  }

  private letGo(lent: Run): void {
    const errand = this.errands.get(lent);
    if (errand !== undefined) this.pool?.letGo(errand);
  }

  private over(errand: Errand): void {
    const { lent } = errand;
    if (this.errands.get(lent) === errand) this.errands.delete(lent);
    if (errand.isAbandoned) this.inner.get(lent)?.leave(reasonOf(lent));
  }

  private async birth(): Promise<Omit<Birth, 'isolate' | 'stats'>> {
    const { kind, target, file, info, channels } = this.site.elsewhere;
    const { habitat, options } = this.parts;
    const home = habitat.isNamedByHand ? namedByHand(target) : await addressOf(target, options.file ?? file);
    const { concurrency, setup = null } = options;
    return { kind, home, setup, info, concurrency, channels: channels(), hostPid: process.pid };
  }

  private async spawn(number: number, owner: IsolateOwner, birth: Omit<Birth, 'isolate' | 'stats'>): Promise<Isolate> {
    const { options, habitat, transfer } = this.parts;
    const { desk, clock, payloadType } = this.site.elsewhere;
    const name = `${this.site.name}#${number}`;
    return new Isolate({
      body: await this.embody(name),
      birth: { ...birth, isolate: name, stats: desk.stats() },
      owner,
      desk,
      packing: new Packing(habitat.form, knownErrors(options.errors), payloadType),
      clock,
      startupTimeoutMs: options.startupTimeout,
      nextTx: habitat.nextTx,
      transfer,
    });
  }

  private async embody(isolate: string): Promise<Body> {
    try {
      return await this.parts.habitat.spawn(isolate);
    } catch (error) {
      if (error instanceof WorkersError) throw error;
      throw new IsolateStartError(this.site.name, isolate, `it could not be begun: ${asError(error).message}.`, error);
    }
  }
}

function reasonOf(run: Run): Error {
  return run.context.abortReason ?? new Error('The run was abandoned');
}
