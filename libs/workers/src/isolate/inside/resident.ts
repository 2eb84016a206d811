import { performance } from 'node:perf_hooks';
import { memoryUsage } from 'node:process';
import type { PayloadCheck } from '../../channel/payload.check.js';
import { asError } from '../../message/fault.js';
import { Message } from '../../message/message.js';
import type { Announcer } from '../../observe/announcer.js';
import type { WorkersStats } from '../../observe/stats.js';
import type { ContextHouse, HandlerContext } from '../../worker/worker.context.js';
import type { Packing } from '../packing.js';
import { parseToIsolate, type ToHost, type ToIsolate, type Tx, type WireFault, type WireVitals } from '../protocol.js';
import { atWork } from './at.work.js';
import type { Calls } from './calls.js';
import type { FarPremises } from './far.premises.js';
import { FarReply } from './far.reply.js';
import type { Home } from './home.js';
import type { Link } from './link.js';

/** How long handlers may follow one another before the host is listened to again. */
const SLICE_MS = 4;

/** How fast the pace follows: the latest run counts a quarter. */
const FOLLOW = 0.25;
/** Below this, handlers are as quick as they need be. */
const QUICK_MS = 0.1;
/** How often it says how it fares while it works. */
const VITALS_EVERY_MS = 500;

/** What a resident lives from. */
export interface ResidentParts {
  readonly link: Link;
  readonly home: Home;
  readonly house: ContextHouse;
  readonly premises: FarPremises;
  readonly calls: Calls;
  readonly packing: Packing;
  readonly announcer: Announcer;
  readonly concurrency: number;
}

/** One message that was sent here. */
interface Task {
  readonly tx: Tx;
  readonly message: Message;
  context: HandlerContext | undefined;
  /** Aborted before it was entered: it is skipped. */
  isCancelled: boolean;
  enteredAt: number;
  /** Its payload is not what the channel declares. */
  isRefused: boolean;
}

/**
 * What lives in an isolate: takes what the host sends, enters handlers one after the other (or a few at a time), and says what became of each.
 *
 * Promises: messages are entered in the order in which they came; before a handler is entered, all that was said has left, so that a
 * handler which kills the isolate takes nothing finished with it; a value that cannot cross fails its own message only.
 * Does not promise: to hear the host while a handler blocks.
 */
export class Resident {
  private readonly waiting: Task[] = [];
  private readonly tasks = new Map<Tx, Task>();
  private active = 0;
  private isPumping = false;
  private isLeaving = false;
  private vitalsAt = performance.now();
  /** A result that is said with the next entry. */
  private held: readonly [tx: Tx, packed: unknown] | undefined = undefined;
  private paceMs = 0;
  private toldPaceMs = 0;

  constructor(private readonly parts: ResidentParts) {
    const { announcer, link } = parts;
    announcer.listen(
      (event) => {
        if (event.name === 'workers.custom') this.emit(event.messageId, event.said, event.data);
      },
      ['workers.custom'],
    );
    link.onUnsaid = (word, error) => this.unsaid(word, error);
    link.onGone = () => void this.close();
    link.say(['ready', vitals()]);
  }

  hear(given: unknown): void {
    const { link, calls, packing, premises } = this.parts;
    const word = parseToIsolate(given);
    switch (word?.[0]) {
      case 'run':
        return this.receive(word);
      case 'abort':
        return this.abort(word[1], asError(packing.unpack(word[2])));
      case 'answer':
      case 'refuse':
      case 'told':
        return calls.hear(word);
      case 'stats':
        return premises.refresh(packing.unpack(word[1]) as WorkersStats);
      case 'ping':
        return link.say(['pong', vitals()]);
      case 'close':
        return void this.close();
      default:
        throw new Error('The host said something that is no word of the protocol');
    }
  }

  private receive([, tx, id, attempt, caller, headers, payload]: Extract<
    ToIsolate,
    readonly ['run', ...unknown[]]
  >): void {
    const { link, packing } = this.parts;
    const reply = caller === 'waits' ? new FarReply(tx, link, packing) : undefined;
    // When it was put, and how long it has waited, is the host's to know.
    const message = new Message(packing.unpack(payload), 0, headers ?? undefined, reply, undefined, id, attempt);
    const task: Task = { tx, message, context: undefined, isCancelled: false, enteredAt: 0, isRefused: false };
    this.tasks.set(tx, task);
    this.waiting.push(task);
    this.pumpSoon();
  }

  /** In a microtask, when all words that came together have been heard. */
  private pumpSoon(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    void SOON.then(this.pump);
  }

  private readonly pump = (): void => {
    const { concurrency } = this.parts;
    const startedAt = performance.now();
    while (this.active < concurrency) {
      const task = this.waiting.shift();
      if (task === undefined) break;
      this.enter(task);
      if (performance.now() - startedAt > SLICE_MS) return this.pumpNextTurn();
    }
    this.isPumping = false;
    this.sayHeld();
  };

  private pumpNextTurn(): void {
    this.sayHeld();
    this.parts.link.flush();
    setImmediate(this.pump);
  }

  private enter(task: Task): void {
    const { tx, message } = task;
    if (task.isCancelled) {
      this.tasks.delete(tx);
      return this.parts.link.say(['skipped', tx]);
    }
    this.active++;
    task.context = this.parts.home.contextFor(message, this.parts.house);
    this.sayEntered(tx);
    this.parts.link.flush();
    task.enteredAt = performance.now();
    try {
      const returned = atWork.run(tx, this.handle, task, task.context);
      if (returned instanceof Promise)
        returned.then(
          (value) => this.done(task, value),
          (thrown: unknown) => this.failed(task, thrown),
        );
      else this.done(task, returned);
    } catch (thrown) {
      this.failed(task, thrown);
    }
  }

  private readonly handle = (task: Task, context: HandlerContext): unknown => {
    const { check, handle } = this.parts.home;
    if (check === undefined) return settled(handle(task.message, context));
    return this.checkAndHandle(task, context, check);
  };

  /** The handler gets its payload as the class that its channel declares, or it is not entered at all. */
  private async checkAndHandle(task: Task, context: HandlerContext, check: PayloadCheck): Promise<unknown> {
    const { home, house } = this.parts;
    const { putAt, headers, reply, id, attempt, payload } = task.message;
    let rebuilt: Message;
    try {
      rebuilt = new Message(await check(payload), putAt, headers, reply, undefined, id, attempt);
    } catch (error) {
      task.isRefused = true;
      throw error;
    }
    const own = home.contextFor(rebuilt, house);
    if (context.abortReason !== undefined) own.abort(context.abortReason);
    task.context = own;
    return home.handle(rebuilt, own);
  }

  private done(task: Task, value: unknown): void {
    const { link, packing, home } = this.parts;
    try {
      const packed = packing.result(value);
      const buffers = home.transfer?.(value) ?? [];
      if (buffers.length > 0 || this.waiting.length === 0) link.say(['done', task.tx, packed], buffers);
      else this.sayDone(task.tx, packed);
    } catch (error) {
      this.fail(task.tx, 'serialization_error', error);
    }
    this.leaveTask(task);
  }

  /** Said together with what is entered next, which follows at once. */
  private sayDone(tx: Tx, packed: unknown): void {
    this.sayHeld();
    this.held = [tx, packed];
  }

  private sayEntered(tx: Tx): void {
    const { held } = this;
    this.held = undefined;
    this.parts.link.say(held === undefined ? ['entered', tx] : ['done', held[0], held[1], tx]);
  }

  private sayHeld(): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) this.parts.link.say(['done', held[0], held[1]]);
  }

  private failed(task: Task, thrown: unknown): void {
    this.fail(task.tx, task.isRefused ? 'validation_error' : 'thrown', thrown);
    this.leaveTask(task);
  }

  private fail(tx: Tx, kind: WireFault, thrown: unknown): void {
    this.parts.link.say(['failed', tx, kind, this.parts.packing.thrown(thrown)]);
  }

  /** A word that could not be written concerns its own message only. */
  private unsaid(word: ToHost, error: Error): void {
    const { link, calls } = this.parts;
    if (word[0] === 'done') {
      this.fail(word[1], 'serialization_error', error);
      if (word[3] !== undefined) link.say(['entered', word[3]]);
      return;
    }
    if (word[0] === 'command' || word[0] === 'request') return calls.fail(word[1], error);
    if (word[0] === 'failed') return link.say(['failed', word[1], word[2], error.message]);
    if (word[0] !== 'log')
      link.say(['log', 'error', 'Isolate', `"${word[0]}" could not be sent: ${error.message}`, null]);
  }

  private leaveTask(task: Task): void {
    this.tasks.delete(task.tx);
    this.active--;
    const now = performance.now();
    this.tellPace(now - task.enteredAt);
    this.tellVitals(now);
    if (this.waiting.length > 0) this.pumpSoon();
  }

  /** How long handlers take, when that has changed: the host sends slow ones fewer messages ahead. */
  private tellPace(ranMs: number): void {
    this.paceMs = this.paceMs === 0 ? ranMs : this.paceMs + (ranMs - this.paceMs) * FOLLOW;
    const pace = Math.max(this.paceMs, QUICK_MS);
    if (pace < this.toldPaceMs * 2 && pace > this.toldPaceMs / 2) return;
    this.toldPaceMs = pace;
    this.parts.link.say(['pace', pace]);
  }

  /** Between messages, so that the host knows when it has had enough. */
  private tellVitals(now: number): void {
    if (now - this.vitalsAt < VITALS_EVERY_MS) return;
    this.vitalsAt = now;
    this.parts.link.say(['pong', vitals()]);
  }

  private abort(tx: Tx, reason: Error): void {
    const task = this.tasks.get(tx);
    if (task === undefined) return;
    if (task.context === undefined) task.isCancelled = true;
    else task.context.abort(reason);
  }

  /** What a handler says with `emit`. It knows its message by id; the host knows it by its run. */
  private emit(messageId: string, said: string, data: unknown): void {
    for (const { tx, message } of this.tasks.values())
      if (message.id === messageId) return this.parts.link.say(['said', tx, said, this.parts.packing.said(data)]);
  }

  private async close(): Promise<void> {
    if (this.isLeaving) return;
    this.isLeaving = true;
    let code = 0;
    try {
      await this.parts.home.close();
    } catch (error) {
      code = 1;
      this.parts.link.say([
        'log',
        'error',
        'Isolate',
        `A stop hook failed: ${asError(error).message}`,
        asError(error).stack ?? null,
      ]);
    }
    this.parts.link.flush();
    this.parts.link.leave(code);
  }
}

const SOON = Promise.resolve();

function vitals(): WireVitals {
  const { heapUsed, rss } = memoryUsage();
  return [heapUsed / MB, rss / MB];
}

const MB = 1_048_576;

/** A thenable as a promise; what is neither is handed on as it is. */
function settled(returned: unknown): unknown {
  const isThenable =
    typeof returned === 'object' && returned !== null && !(returned instanceof Promise) && 'then' in returned;
  return isThenable && typeof returned.then === 'function' ? Promise.resolve(returned) : returned;
}
