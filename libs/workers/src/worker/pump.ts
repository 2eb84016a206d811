import type { Turn } from '../lifecycle/turn.js';

/** `queueMicrotask` wraps its callback in an async resource, which costs more than a message does. */
const SOON = Promise.resolve();

/** What a pump keeps going. */
export interface Pumped {
  /** Whether it may be given something right now; not before the next turn when it yields. */
  isHungry: boolean;
  /** Whether there is something that it could start, if a permit is free. */
  readonly hasWork: boolean;
  /** Starts the next message; false when there is none, or no permit for it. */
  startNext(): boolean;
}

/**
 * When one worker takes: whenever it was woken or handlers came back, in a microtask, until nothing more may be started.
 *
 * States: `off`, before its start and after its stop; `resting`; `woken`, when it will pump in a microtask; `pumping`; `yielding`, when it
 * goes on in the next turn of the event loop.
 *
 * Promises: other timers and sockets get their turn every 4 ms; it runs in the asynchronous context in which it was started. Whoever
 * wakes it, be it a sender, a timer or a caller that leaves, no handler runs in that one's context by accident.
 */
export class Pump {
  /** The last reading of the clock; it spares one reading per message. */
  latest = 0.5;
  private state: 'off' | 'resting' | 'woken' | 'pumping' | 'yielding' = 'off';
  /** Whether a handler came back in this microtask round, at whose end it pumps. */
  private isRoundOpen = false;
  private resumeLoop: () => void = () => {};

  constructor(
    private readonly turn: Turn,
    private readonly pumped: Pumped,
  ) {}

  start(): void {
    this.state = 'resting';
    void this.loop();
  }

  stop(): void {
    this.state = 'off';
  }

  /** Pumps in a microtask. */
  wake(): void {
    if (this.state !== 'resting') return;
    this.state = 'woken';
    this.resumeLoop();
  }

  /** A message has ended, which matters only where no round is open: at the end of one it pumps anyway. */
  wakeBetweenRounds(): void {
    if (!this.isRoundOpen) this.wake();
  }

  /** A handler came back after some time. One reading of the clock serves all that do so in one microtask round. */
  cameBack(): void {
    if (this.isRoundOpen) return;
    this.isRoundOpen = true;
    this.read();
    void SOON.then(this.endRound);
  }

  /** Reads the clock, since other people's code has run. */
  read(): void {
    this.latest = this.turn.read();
  }

  /** Remembers a reading that somebody else made. */
  note(performanceNow: number): void {
    if (performanceNow > this.latest) this.latest = this.turn.note(performanceNow);
  }

  private async loop(): Promise<void> {
    while (!this.isOff) {
      this.state = 'resting';
      this.read();
      this.pump();
      await new Promise<void>((resolve) => {
        this.resumeLoop = resolve;
      });
    }
  }

  /** Other people's code may have run in the round: the next handlers begin at a reading of their own. */
  private readonly endRound = (): void => {
    this.isRoundOpen = false;
    if (this.pumped.hasWork) this.read();
    this.pump();
  };

  /** Only for the loop and for the end of a round, which run in the worker's own context. */
  private pump(): void {
    if (this.state !== 'resting') return;
    this.state = 'pumping';
    while (this.pumped.startNext()) {
      if (this.isOff) return;
      if (this.turn.isOver(this.latest)) return this.yield();
    }
    if (!this.isOff) this.state = 'resting';
  }

  /** A handler may have stopped it: asked anew each time. */
  private get isOff(): boolean {
    return this.state === 'off';
  }

  private yield(): void {
    this.pumped.isHungry = false;
    this.state = 'yielding';
    this.turn.resume(() => this.resumeLoop());
  }
}
