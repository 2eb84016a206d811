import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Ending } from '../isolate/body.js';
import type { Line } from '../socket/line.js';
import { moved, type Phase } from '../socket/phase.js';
import type { Dialect } from './dialect.js';
import type { JournalReader } from './journal.js';
import { LineBody, soon } from './line.body.js';
import type { Meeting } from './meeting.js';
import { StderrTail } from './stderr.tail.js';

/** How often the journal of a child that has something to do is read. */
const LOOK_EVERY_MS = 10;

/**
 * A child process, seen from the host.
 *
 * Phases: see `socket/phase.ts`; an illegal move is refused there.
 *
 * Promises: its end is told when it has exited and what it said before was heard, so nothing finished is lost with it; why it ended is what
 * the system says (code, signal), or out of memory where its last words tell so.
 */
export class ProcessBody extends LineBody {
  readonly ended: Promise<Ending>;
  private phase: Phase = 'spawn';
  private isHeld = true;
  private looking: NodeJS.Timeout | undefined;
  private readonly tail: StderrTail;

  constructor(
    private readonly child: ChildProcess,
    private readonly meeting: Meeting,
    dialect: Dialect,
    private readonly journal: JournalReader | undefined,
  ) {
    super(dialect);
    this.tail = new StderrTail(child.stderr);
    const exited = new Promise<Ending>((resolve) => {
      child.once('error', (error) => resolve({ reason: 'error', error }));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? { reason: 'exit', code: code ?? 0 } : { reason: 'signal', signal }),
      );
    });
    this.move('connect');
    const left = meeting.line.then(
      (line) => this.meet(line),
      () => this.kill('for good'),
    );
    this.ended = this.end(exited, left);
  }

  get pid(): number | undefined {
    return this.phase === 'ended' ? undefined : this.child.pid;
  }

  override hold(isHolding: boolean): void {
    super.hold(isHolding);
    this.isHeld = isHolding;
    this.look(isHolding);
    const verb = isHolding ? 'ref' : 'unref';
    this.child[verb]();
    (this.child.stderr as (Duplex & { ref?(): void; unref?(): void }) | null)?.[verb]?.();
  }

  kill(how: 'gently' | 'for good'): void {
    this.child.kill(how === 'gently' ? 'SIGTERM' : 'SIGKILL');
  }

  protected override meet(line: Line): Promise<void> {
    this.move('message');
    line.hold(this.isHeld);
    return super.meet(line);
  }

  private async end(exited: Promise<Ending>, left: Promise<void>): Promise<Ending> {
    const first = await Promise.race([exited, left]);
    this.move('shutdown');
    if (first === undefined) await soon(exited);
    else await soon(left);
    const isStuck = first === undefined && this.child.exitCode === null && this.child.signalCode === null;
    if (isStuck) this.kill('for good');
    const ending = await exited;
    this.look(false);
    this.recover();
    await this.lastWords();
    this.journal?.close();
    this.talk?.destroy();
    await this.meeting.close();
    this.move('ended');
    if (isStuck) return { reason: 'disconnected', detail: 'its line was closed and it lived on' };
    return this.tail.saysOutOfMemory ? { reason: 'out-of-memory', detail: this.tail.lastLine } : ending;
  }

  /** While something is awaited, what a child that blocks has noted is read now and then. */
  private look(isLooking: boolean): void {
    clearInterval(this.looking);
    if (!isLooking || this.journal === undefined) return;
    this.looking = setInterval(() => setImmediate(this.recover), LOOK_EVERY_MS);
    this.looking.unref();
  }

  private readonly recover = (): void => {
    if (this.journal !== undefined && this.phase !== 'ended') this.talk?.recover(this.journal.read());
  };

  private move(to: Phase): void {
    this.phase = moved(this.phase, to);
  }
}
