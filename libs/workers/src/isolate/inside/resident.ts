import { performance } from 'node:perf_hooks';
import { asError } from '../../message/fault.js';
import type { Announcer } from '../../observe/announcer.js';
import type { WorkersStats } from '../../observe/stats.js';
import type { ContextHouse } from '../../worker/worker.context.js';
import type { Packing } from '../packing.js';
import { parseToIsolate, type ToHost, type ToIsolate, type Tx } from '../protocol.js';
import { arrived } from './arrival.js';
import { atWork } from './at.work.js';
import type { Calls } from './calls.js';
import type { FarPremises } from './far.premises.js';
import { FarReply } from './far.reply.js';
import type { Home } from './home.js';
import type { Link } from './link.js';
import { Outcomes } from './outcomes.js';
import { Task } from './task.js';
import { VitalSigns } from './vital.signs.js';

/** How long handlers may follow one another before the host is listened to again. */
const SLICE_MS = 4;

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
  private readonly outcomes: Outcomes;
  private readonly signs: VitalSigns;

  constructor(private readonly parts: ResidentParts) {
    const { announcer, link, packing, home } = parts;
    this.outcomes = new Outcomes(link, packing, home.transfer);
    this.signs = new VitalSigns(link);
    announcer.listen(
      (event) => {
        if (event.name === 'workers.custom') this.emit(event.messageId, event.said, event.data);
      },
      ['workers.custom'],
    );
    link.onUnsaid = (word, error) => this.unsaid(word, error);
    link.onGone = () => void this.close();
    this.signs.ready();
  }

  hear(given: unknown): void {
    const { calls, packing, premises } = this.parts;
    const word = parseToIsolate(given);
    switch (word?.[0]) {
      case 'run':
        return this.receive(word);
      case 'abort':
        return this.tasks.get(word[1])?.abort(asError(packing.unpack(word[2])));
      case 'answer':
      case 'refuse':
      case 'told':
        return calls.hear(word);
      case 'stats':
        return premises.refresh(packing.unpack(word[1]) as WorkersStats);
      case 'ping':
        return this.signs.answer();
      case 'close':
        return void this.close();
      default:
        throw new Error('The host said something that is no word of the protocol');
    }
  }

  private receive([, tx, id, attempt, caller, headers, payload, stored, within]: Extract<
    ToIsolate,
    readonly ['run', ...unknown[]]
  >): void {
    const { link, packing } = this.parts;
    const reply = caller === 'waits' ? new FarReply(tx, link, packing) : undefined;
    const message = arrived(packing.unpack(payload), headers ?? undefined, reply, id, attempt, stored ?? undefined);
    const task = new Task(tx, message, within);
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
    this.outcomes.sayHeld();
  };

  private pumpNextTurn(): void {
    this.outcomes.sayHeld();
    this.parts.link.flush();
    setImmediate(this.pump);
  }

  private enter(task: Task): void {
    const { tx, message } = task;
    if (task.state === 'cancelled') {
      this.tasks.delete(tx);
      return this.outcomes.skipped(tx);
    }
    const { home, house, link } = this.parts;
    this.active++;
    task.enter(home.contextFor(message, house));
    this.outcomes.entered(tx);
    link.flush();
    task.enteredAt = performance.now();
    try {
      const returned = atWork.run(tx, this.handle, task);
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

  private readonly handle = (task: Task): unknown => task.handle(this.parts.home, this.parts.house);

  private done(task: Task, value: unknown): void {
    this.outcomes.done(task.tx, value, this.waiting.length > 0);
    this.leaveTask(task);
  }

  private failed(task: Task, thrown: unknown): void {
    this.outcomes.failed(task.tx, task.state === 'refused' ? 'validation_error' : 'thrown', thrown);
    this.leaveTask(task);
  }

  /** A word that could not be written concerns its own message only. */
  private unsaid(word: ToHost, error: Error): void {
    const { link, calls } = this.parts;
    if (word[0] === 'done' || word[0] === 'failed') return this.outcomes.unsaid(word, error);
    if (word[0] === 'command' || word[0] === 'request' || word[0] === 'ask') return calls.fail(word[1], error);
    if (word[0] !== 'log')
      link.say(['log', 'error', 'Isolate', `"${word[0]}" could not be sent: ${error.message}`, null]);
  }

  private leaveTask(task: Task): void {
    this.tasks.delete(task.tx);
    this.active--;
    this.signs.ran(task.enteredAt);
    if (this.waiting.length > 0) this.pumpSoon();
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
