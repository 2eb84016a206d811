import type { Desk } from '../dispatch/desk.js';
import type { Clock, Timer } from '../lifecycle/clock.js';
import { asError } from '../message/fault.js';
import { type Body, type Ending, inWords } from './body.js';
import type { Birth } from './birth.js';
import { Clerk } from './clerk.js';
import type { Errand } from './errand.js';
import { IsolateStartError } from './isolate.errors.js';
import type { Packing } from './packing.js';
import { parseToHost, type ToHost, type ToIsolate, type Tx, type WireVitals } from './protocol.js';
import { Workload, type WorkloadOwner } from './workload.js';

/** What is told how its isolate fares. */
export interface IsolateOwner extends WorkloadOwner {
  /** The isolate is gone; `left` were with it. */
  ended(ending: Ending, left: readonly Errand[]): void;
}

/** What an isolate is made of. */
export interface IsolateParts {
  readonly body: Body;
  readonly birth: Birth;
  readonly owner: IsolateOwner;
  readonly desk: Desk;
  readonly packing: Packing;
  readonly clock: Clock;
  readonly startupTimeoutMs: number;
  readonly nextTx: () => Tx;
  /** The buffers of a payload that are handed over instead of copied. */
  readonly transfer: ((payload: unknown) => readonly ArrayBuffer[]) | undefined;
}

/** How far an isolate is in its life. */
type Phase =
  | { readonly type: 'booting' }
  | { readonly type: 'ready' }
  | { readonly type: 'closing' }
  | { readonly type: 'ended'; readonly ending: Ending };

/**
 * A warm Nest application context in a thread or a child process, seen from the host: errands go in, their outcomes come out.
 *
 * States: `booting` until its context stands; `ready`; `closing`, when it takes nothing more; `ended`. It never goes back.
 *
 * Promises: each errand it was given ends in an outcome, or comes back to the owner when the isolate ends, with its state telling whether
 * a handler was entered; a word that makes no sense ends the isolate and nothing else.
 * Does not promise: that a handler which ignores its signal stops; for that there is `terminate`.
 */
export class Isolate {
  vitals: WireVitals = [0, 0];
  /** How long its handlers take on average, as it says itself; undefined until one came back. */
  paceMs: number | undefined = undefined;
  private phase: Phase = { type: 'booting' };
  private waitingFor: 'ready' | 'pong' | 'nothing' = 'ready';
  private settle: { ready: () => void; failed: (error: Error) => void } | undefined;
  private startTimer: Timer | undefined;
  private pongTimer: Timer | undefined;
  /** Set when the host itself ends it, for the reason that is told. */
  private endsBecause: string | undefined;
  private readonly work: Workload;
  private readonly clerk: Clerk;

  constructor(private readonly parts: IsolateParts) {
    const { desk, packing, birth } = parts;
    this.work = new Workload({ ...parts, concurrency: birth.concurrency });
    this.clerk = new Clerk({
      desk,
      packing,
      messageOf: (tx) => this.errands.get(tx)?.message,
      say: (word) => this.say(word),
    });
    parts.body.onWord = (word) => {
      try {
        this.hear(word);
      } catch (error) {
        this.unheard(asError(error));
      }
    };
    parts.body.onUnheard = (error) => this.unheard(error);
    parts.body.onUnsaid = (word, error) => this.unsaid(word, error);
    void parts.body.ended.then((ending) => this.end(ending));
  }

  get name(): string {
    return this.parts.birth.isolate;
  }

  /** What it was sent and is not over. */
  get errands(): ReadonlyMap<Tx, Errand> {
    return this.work.errands;
  }

  get pid(): number | undefined {
    return this.parts.body.pid;
  }

  /** Whether what it was sent last is large and still under way. */
  get isCongested(): boolean {
    return this.parts.body.bufferedBytes > CONGESTED_BYTES;
  }

  /** Whether it keeps the process alive; it does while it boots. */
  hold(isHolding: boolean): void {
    if (this.phase.type !== 'ended') this.parts.body.hold(isHolding);
  }

  /** @throws (rejects) IsolateStartError, with what was wrong as its cause */
  boot(): Promise<void> {
    const { body, birth, clock, startupTimeoutMs } = this.parts;
    return new Promise((ready, failed) => {
      this.settle = { ready, failed };
      this.startTimer = clock.after(startupTimeoutMs, () => {
        this.fail(
          `it was not ready within ${startupTimeoutMs} ms. Raise startupTimeout, or look at what its module loads.`,
        );
        this.terminate('was not ready in time');
      });
      body.say(['birth', birth]);
    });
  }

  /** Sends `errand`; one that cannot be written ends at once and the isolate lives on. */
  send(errand: Errand): void {
    // From now on it is busy, and judged by its handlers' time alone.
    if (this.waitingFor === 'pong') this.forgetPing();
    this.work.send(errand);
  }

  has(errand: Errand): boolean {
    return this.work.has(errand);
  }

  /** Aborts the signal of `errand`, or has it skipped when its handler was not entered. */
  abort(errand: Errand, reason: Error): void {
    if (this.has(errand)) this.say(['abort', errand.tx, this.parts.packing.thrown(reason)]);
  }

  /** Asks whether it still answers; terminates it when it does not within `limitMs`. */
  ping(limitMs: number): void {
    if (this.phase.type !== 'ready' || this.waitingFor !== 'nothing') return;
    this.waitingFor = 'pong';
    this.pongTimer = this.parts.clock.after(limitMs, () =>
      this.terminate(`did not answer a ping within ${limitMs} ms`),
    );
    this.pongTimer.hold(false);
    this.say(['ping']);
  }

  /** Closes its context, then asks the system to end it, then has it ended; all within `limitMs`. Resolves when it is gone. */
  async close(limitMs: number): Promise<void> {
    const { body, clock } = this.parts;
    if (this.phase.type === 'ended') return;
    if (this.phase.type === 'booting') {
      this.terminate('was closed while it was booting');
      return void (await body.ended);
    }
    this.phase = { type: 'closing' };
    this.endsBecause ??= 'was closed';
    body.hold(true);
    this.say(['close', limitMs * CLOSE_SHARE]);
    const gently = clock.after(limitMs * CLOSE_SHARE, () => body.kill('gently'));
    const forGood = clock.after(limitMs * KILL_SHARE, () => body.kill('for good'));
    await body.ended;
    gently.cancel();
    forGood.cancel();
  }

  /** Ends it at once, without asking what is inside. */
  terminate(why: string): void {
    if (this.phase.type === 'ended') return;
    this.endsBecause ??= why;
    this.phase = { type: 'closing' };
    this.parts.body.kill('for good');
  }

  /** Why the host ended it; undefined when it ended by itself. */
  get endedBy(): string | undefined {
    return this.endsBecause;
  }

  // --- what it says ---

  private hear(word: unknown): void {
    const said = parseToHost(word);
    if (said === undefined) return this.terminate('said something that is no word of the protocol');
    switch (said[0]) {
      case 'entered':
        return this.work.entered(said[1]);
      case 'done':
        this.work.done(said[1], said[2]);
        if (said[3] !== undefined) this.work.entered(said[3]);
        return;
      case 'failed':
        return this.work.failed(said);
      case 'skipped':
        return this.work.skipped(said[1]);
      default:
        return this.hearBesides(said);
    }
  }

  private hearBesides(said: ToHost): void {
    switch (said[0]) {
      case 'ready':
        return this.becomeReady(said[1]);
      case 'refused': {
        const error = asError(this.parts.packing.unpack(said[1]));
        this.fail(error.message, error);
        return this.terminate(`could not ${this.phase.type === 'booting' ? 'boot' : 'go on'}: ${error.message}`);
      }
      case 'pong':
        this.vitals = said[1];
        return this.forgetPing();
      case 'pace':
        this.paceMs = said[1];
        return;
      default:
        return this.clerk.hear(said);
    }
  }

  private forgetPing(): void {
    this.pongTimer?.cancel();
    this.waitingFor = 'nothing';
  }

  private becomeReady(vitals: WireVitals): void {
    this.startTimer?.cancel();
    this.vitals = vitals;
    this.waitingFor = 'nothing';
    if (this.phase.type === 'booting') this.phase = { type: 'ready' };
    this.settle?.ready();
  }

  // --- within ---

  /** A word that could not be written concerns its own message only. */
  private unsaid([kind, tx]: ToIsolate, error: Error): void {
    if (kind === 'run') return this.work.failUnsent(tx, error);
    if (kind === 'answer') return this.say(['refuse', tx, this.parts.packing.thrown(error)]);
    this.terminate(`could not be told "${kind}": ${error.message}`);
  }

  private unheard(error: Error): void {
    this.terminate(`said something that cannot be read: ${error.message}`);
  }

  /** Says a word of ours, which can always be written; what is packed into it was checked before. */
  private say(word: Parameters<Body['say']>[0]): void {
    if (this.phase.type !== 'ended') this.parts.body.say(word);
  }

  private fail(why: string, cause?: unknown): void {
    this.startTimer?.cancel();
    this.settle?.failed(new IsolateStartError(this.parts.birth.info.name, this.name, why, cause));
  }

  private end(ending: Ending): void {
    this.phase = { type: 'ended', ending };
    this.startTimer?.cancel();
    this.pongTimer?.cancel();
    this.fail(
      `it ended while it was booting: ${inWords(ending)}`,
      ending.reason === 'error' ? ending.error : undefined,
    );
    this.clerk.close();
    this.parts.owner.ended(ending, this.work.takeBack());
  }
}

/** More than this is not put behind one another: large messages that wait in memory cost more than they save. */
const CONGESTED_BYTES = 4 * 1_048_576;
/** How much of the time for closing is given to the context's own hooks, and after how much of it nothing is asked any more. */
const CLOSE_SHARE = 0.6;
const KILL_SHARE = 0.8;
