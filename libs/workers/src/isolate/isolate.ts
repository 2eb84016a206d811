import { performance } from 'node:perf_hooks';
import type { Desk } from '../dispatch/desk.js';
import type { Clock, Timer } from '../lifecycle/clock.js';
import { asError, fault } from '../message/fault.js';
import type { Headers } from '../message/message.js';
import { type Body, type Ending, inWords } from './body.js';
import type { Birth } from './birth.js';
import type { Errand } from './errand.js';
import { IsolateStartError } from './isolate.errors.js';
import type { Packing } from './packing.js';
import { parseToHost, type ToHost, type ToIsolate, type Tx, type WireVitals } from './protocol.js';

/** What is told how its isolate fares. */
export interface IsolateOwner {
  /** A handler was entered. */
  entered(errand: Errand): void;
  /** An errand is over, or was skipped because nobody waits for it: there is room for another. */
  free(errand: Errand): void;
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
 *
 * Invariant: `errands` holds exactly what was sent and is not over.
 */
export class Isolate {
  readonly errands = new Map<Tx, Errand>();
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
  /** Messages that were said and kept back for company. */
  private kept = 0;
  private isFlushDue = false;

  constructor(private readonly parts: IsolateParts) {
    parts.body.onWord = (word) => {
      try {
        this.hear(word);
      } catch (error) {
        this.terminate(`said something that cannot be read: ${asError(error).message}`);
      }
    };
    parts.body.onUnsaid = (word, error) => this.unsaid(word, error);
    void parts.body.ended.then((ending) => this.end(ending));
  }

  get name(): string {
    return this.parts.birth.isolate;
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
    const { body, packing, nextTx, transfer } = this.parts;
    const { id, attempt, headers, reply, payload } = errand.message;
    const tx = nextTx();
    const caller = reply === undefined ? 'none' : 'waits';
    const told = isEmpty(headers) ? null : headers;
    // From now on it is busy, and judged by its handlers' time alone.
    if (this.waitingFor === 'pong') this.forgetPing();
    errand.send(tx);
    this.errands.set(tx, errand);
    try {
      const word = ['run', tx, id, attempt + errand.entries, caller, told, packing.payload(payload)] as const;
      const buffers = transfer?.(payload) ?? [];
      if (buffers.length > 0) body.say(word, buffers);
      else this.keep(word);
    } catch (error) {
      this.failUnsent(tx, asError(error));
    }
  }

  has(errand: Errand): boolean {
    return this.errands.get(errand.tx) === errand;
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
        return this.enter(said[1]);
      case 'done':
        this.finish(said[1], (errand) => errand.run.fulfilled(this.parts.packing.unpack(said[2])));
        if (said[3] !== undefined) this.enter(said[3]);
        return;
      case 'failed':
        return this.finish(said[1], (errand) => this.failed(errand, said));
      case 'skipped':
        return this.finish(said[1], () => {});
      default:
        return this.hearBesides(said);
    }
  }

  private enter(tx: Tx): void {
    this.withErrand(tx, (errand) => {
      if (errand.state !== 'sent') return;
      errand.enter(performance.now());
      this.parts.owner.entered(errand);
    });
  }

  private hearBesides(said: ToHost): void {
    const { desk, packing } = this.parts;
    switch (said[0]) {
      case 'ready':
        return this.becomeReady(said[1]);
      case 'refused': {
        const error = asError(packing.unpack(said[1]));
        this.fail(error.message, error);
        return this.terminate(`could not boot: ${error.message}`);
      }
      case 'reply':
        return this.withErrand(said[1], ({ message }) => desk.reply(message, packing.unpack(said[2])));
      case 'progress':
        return this.withErrand(said[1], ({ message }) => message.reply?.progress(packing.unpack(said[2])));
      case 'said':
        return this.withErrand(said[1], ({ message }) => desk.said(message.id, said[2], packing.unpack(said[3])));
      case 'log':
        return desk.log(said[1], said[2], said[3], said[4] ?? undefined);
      case 'put':
        return desk.put(said[1], packing.unpack(said[2]));
      case 'stats':
        return this.say(['stats', packing.said(desk.stats())]);
      case 'pong':
        this.vitals = said[1];
        return this.forgetPing();
      case 'pace':
        this.paceMs = said[1];
        return;
      case 'leave':
        return desk.leave(this, said[1]);
      case 'command':
      case 'request':
        return this.serve(said);
      default:
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

  private failed(errand: Errand, [, , kind, thrown]: Extract<ToHost, readonly ['failed', ...unknown[]]>): void {
    const error = this.parts.packing.unpack(thrown);
    if (kind === 'thrown') errand.run.rejected(error);
    else errand.run.end({ type: 'failed', fault: fault(kind, asError(error)) });
  }

  /** Answers what a handler asks of the host: a command, a request. */
  private serve([kind, call, tx, worker, options, payload]: Extract<
    ToHost,
    readonly ['command' | 'request', ...unknown[]]
  >): void {
    const { desk, packing } = this.parts;
    const asker = tx === null ? undefined : this.errands.get(tx)?.message.id;
    const told = (value: unknown): void => this.say(['told', call, packing.said(value)]);
    void desk
      .serve(this, { kind, call, asker, worker, options, payload: packing.unpack(payload) }, told)
      .then((value) => ['answer', call, packing.result(value)] as const)
      .catch((error: unknown) => ['refuse', call, packing.thrown(error)] as const)
      .then((word) => this.say(word));
  }

  // --- within ---

  /** What the isolate has no hurry to get waits for company: a write for each message costs more than the message. */
  private keep(word: ToIsolate): void {
    const { body } = this.parts;
    body.keep(word);
    if (++this.kept >= COMPANY) this.flush();
    else this.flushIfAwaited();
  }

  /** The isolate is about to have nothing to do: what is kept is sent at the end of this turn. */
  private flushIfAwaited(): void {
    if (this.kept === 0 || this.isFlushDue) return;
    if (this.errands.size - this.kept > Math.max(LEAST_AHEAD, this.parts.birth.concurrency)) return;
    this.isFlushDue = true;
    void SOON.then(this.flush);
  }

  private readonly flush = (): void => {
    this.isFlushDue = false;
    this.kept = 0;
    this.parts.body.flush();
  };

  private finish(tx: Tx, conclude: (errand: Errand) => void): void {
    this.withErrand(tx, (errand) => {
      this.over(tx, errand);
      this.flushIfAwaited();
      if (!errand.isAbandoned || errand.enteredAt > 0) conclude(errand);
      this.parts.owner.free(errand);
    });
  }

  /** A word that could not be written concerns its own message only. */
  private unsaid([kind, tx]: ToIsolate, error: Error): void {
    if (kind === 'run') return this.failUnsent(tx, error);
    if (kind === 'answer') return this.say(['refuse', tx, this.parts.packing.thrown(error)]);
    this.terminate(`could not be told "${kind}": ${error.message}`);
  }

  private failUnsent(tx: Tx, error: Error): void {
    this.finish(tx, (errand) => errand.run.end({ type: 'failed', fault: fault('serialization_error', error) }));
  }

  private over(tx: Tx, errand: Errand): void {
    errand.state = 'over';
    this.errands.delete(tx);
  }

  /** What is said of an errand that is over came too late to matter. */
  private withErrand(tx: Tx, act: (errand: Errand) => void): void {
    const errand = this.errands.get(tx);
    if (errand !== undefined) act(errand);
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
    const left = [...this.errands.values()];
    this.errands.clear();
    this.parts.desk.forget(this);
    this.parts.owner.ended(ending, left);
  }
}

function isEmpty(headers: Headers): boolean {
  return Object.keys(headers).length === 0;
}

const SOON = Promise.resolve();
/** More than this is not put behind one another: large messages that wait in memory cost more than they save. */
const CONGESTED_BYTES = 4 * 1_048_576;
/** So many messages are sent together, while the isolate has others to do. */
const COMPANY = 8;
/** With so few messages left, beside those it is in, an isolate is sent what there is. */
const LEAST_AHEAD = 2;

/** How much of the time for closing is given to the context's own hooks, and after how much of it nothing is asked any more. */
const CLOSE_SHARE = 0.6;
const KILL_SHARE = 0.8;
