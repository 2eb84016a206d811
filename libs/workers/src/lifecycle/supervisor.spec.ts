import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../channel/channel.js';
import { Caller, message, open } from '../channel/fixtures/opened.js';
import { Message } from '../message/message.js';
import { Announcer } from '../observe/announcer.js';
import type { WorkersEvent } from '../observe/events.js';
import { HeldClock } from '../testing/held.clock.js';
import { inside } from './inside.js';
import { WorkersStoppingError } from './stop.errors.js';
import { type Crew, type Intake, type Leftover, Supervisor } from './supervisor.js';

/** A crew that says what it is told, and is busy for as long as a test likes. */
class StagedCrew implements Crew {
  onQuiet: (() => void) | undefined;
  isQuiet = true;
  waiting: Message[] = [];
  start: () => Promise<void> | void = () => this.tell('start');
  stop: () => Promise<void> | void = () => this.tell('stop');

  constructor(
    readonly name: string,
    private readonly told: (line: string) => void,
  ) {}

  get isDrained(): boolean {
    return this.isQuiet && this.waiting.length === 0;
  }

  stopTaking(): void {
    this.tell('stop taking');
  }

  askToStop(): void {
    this.tell('ask to stop');
  }

  abort(): void {
    this.tell('abort');
    this.isQuiet = true;
  }

  takeRest(): Message[] {
    return this.waiting.splice(0);
  }

  /** Finishes what it does, and what waits. */
  fallQuiet(): void {
    this.isQuiet = true;
    this.waiting = [];
    this.onQuiet?.();
  }

  private tell(what: string): void {
    this.told(`${this.name}: ${what}`);
  }
}

interface Staging {
  readonly onLeftover?: (leftovers: readonly Leftover[]) => unknown;
  readonly intakeStop?: () => Promise<void> | void;
}

/** Two crews, a ticker and a channel under a deadline of 25 s with a grace of 5 s, and a transcript with times. */
function staged({ onLeftover, intakeStop }: Staging = {}) {
  const clock = new HeldClock();
  const told: string[] = [];
  const tell = (line: string): void => void told.push(`${clock.now() / 1_000} s ${line}`);
  const announcer = new Announcer();
  const events: WorkersEvent[] = [];
  announcer.listen((event) => events.push(event));
  const [first, second] = [new StagedCrew('A', tell), new StagedCrew('B', tell)];
  const ticker: Intake = {
    name: 'Clock',
    start: () => tell('Clock: start'),
    stop: () => {
      tell('Clock: stop');
      return intakeStop?.();
    },
  };
  const channel = open<number>({ buffer: 9 }).channel as unknown as Channel;
  const house = { relays: [], crews: [first, second], intakes: [ticker], channels: [channel] };
  const supervisor = new Supervisor(
    () => house,
    { deadlineMs: 25_000, abortGraceMs: 5_000 },
    clock,
    announcer,
    onLeftover,
  );
  return { clock, told, events, first, second, channel, supervisor };
}

/** Starts, stops, and lets as much time pass as it takes. */
async function stopped(stage: ReturnType<typeof staged>): Promise<void> {
  const { supervisor, clock } = stage;
  const stopping = supervisor.stop();
  await clock.advance('1h');
  await stopping;
}

describe('a supervisor', () => {
  it('starts the crews, then the intakes, then says so', async () => {
    const { supervisor, told, events } = staged();
    expect(supervisor.state).toBe('idle');
    const starting = supervisor.start();
    expect(supervisor.state).toBe('starting');
    await starting;
    expect([supervisor.state, told]).toEqual(['running', ['0 s A: start', '0 s B: start', '0 s Clock: start']]);
    expect(events).toEqual([{ name: 'workers.running', workers: ['A', 'B'], tickers: ['Clock'] }]);
  });

  it('stops the intakes, drains, gives the crews back and closes the channels, in this order', async () => {
    const stage = staged();
    const { supervisor, told, events, channel } = stage;
    await supervisor.start();
    told.length = 0;
    await supervisor.stop();
    expect(told).toEqual([
      '0 s Clock: stop',
      '0 s A: stop taking',
      '0 s B: stop taking',
      '0 s A: ask to stop',
      '0 s B: ask to stop',
      '0 s A: abort',
      '0 s B: abort',
      '0 s A: stop',
      '0 s B: stop',
    ]);
    expect([supervisor.state, channel.state]).toEqual(['stopped', 'closed']);
    expect(events.at(-1)).toEqual({ name: 'workers.stopped', tookMs: 0, leftovers: {} });
    expect(stage.clock.pending).toBe(0);
  });

  it('waits for work in flight and for what waits, and not longer', async () => {
    const stage = staged();
    const { supervisor, clock, told, first, second, events } = stage;
    await supervisor.start();
    first.isQuiet = false;
    second.waiting = [message(1)];
    told.length = 0;
    const stopping = supervisor.stop();
    await clock.advance('3s');
    first.fallQuiet();
    await clock.advance('1s');
    expect([told, supervisor.state]).toEqual([['0 s Clock: stop'], 'draining']);
    second.fallQuiet();
    await stopping;
    expect(told[1]).toBe('4 s A: stop taking');
    expect(events.at(-1)).toEqual({ name: 'workers.stopped', tookMs: 4_000, leftovers: {} });
  });

  it('asks running handlers to stop when the grace begins and gives them up at the deadline', async () => {
    const stage = staged();
    const { supervisor, told, first, events } = stage;
    await supervisor.start();
    first.isQuiet = false;
    await stopped(stage);
    expect(told.filter((line) => line.includes(' A: '))).toEqual([
      '0 s A: start',
      '20 s A: stop taking',
      '20 s A: ask to stop',
      '25 s A: abort',
      '25 s A: stop',
    ]);
    expect(events.at(-1)).toMatchObject({ name: 'workers.stopped', tookMs: 25_000 });
  });

  it('does not use up the grace when a handler stops when it is asked to', async () => {
    const stage = staged();
    const { supervisor, clock, told, first } = stage;
    await supervisor.start();
    first.isQuiet = false;
    const stopping = supervisor.stop();
    await clock.advance('21s');
    first.fallQuiet();
    await stopping;
    expect(told).toContain('21 s A: stop');
  });

  it('may be started and stopped twice, and does it once', async () => {
    const { supervisor, told } = staged();
    await Promise.all([supervisor.start(), supervisor.start()]);
    await Promise.all([supervisor.stop(), supervisor.stop()]);
    await supervisor.stop();
    expect(told.filter((line) => line.endsWith('A: start') || line.endsWith('A: stop'))).toEqual([
      '0 s A: start',
      '0 s A: stop',
    ]);
  });

  it('may be stopped before it was started, and then does not start', async () => {
    const { supervisor, told, channel } = staged();
    await supervisor.stop();
    await expect(supervisor.start()).rejects.toBeInstanceOf(WorkersStoppingError);
    expect([supervisor.state, channel.state]).toEqual(['stopped', 'closed']);
    expect(told.filter((line) => line.includes('start'))).toEqual([]);
  });

  it('that is stopped while it starts does not start its intakes', async () => {
    const stage = staged();
    let ready = (): void => {};
    stage.first.start = () => new Promise<void>((resolve) => (ready = resolve));
    const starting = stage.supervisor.start();
    const stopping = stage.supervisor.stop();
    ready();
    await Promise.all([starting, stopping]);
    expect(stage.told).not.toContain('0 s Clock: start');
    expect([stage.supervisor.state, stage.told.at(-1)]).toEqual(['stopped', '0 s B: stop']);
    expect(stage.events.map(({ name }) => name)).toEqual(['workers.stopped']);
  });

  it('rejects a start that fails, and still stops what was started', async () => {
    const stage = staged();
    stage.second.start = () => Promise.reject(new Error('no isolate'));
    await expect(stage.supervisor.start()).rejects.toThrow('no isolate');
    await stopped(stage);
    expect(stage.told).toContain('0 s A: stop');
    expect(stage.supervisor.state).toBe('stopped');
  });

  const never = (): Promise<void> => new Promise(() => {});
  const boom = (): never => {
    throw new Error('boom');
  };
  it.each([
    ['a start hangs', (stage: ReturnType<typeof staged>) => (stage.first.start = never)],
    ['giving a dispatcher back hangs', (stage: ReturnType<typeof staged>) => (stage.first.stop = never)],
    ['giving a dispatcher back throws', (stage: ReturnType<typeof staged>) => (stage.first.stop = boom)],
  ])('stops within its deadline, never rejects and reports it when %s', async (_, spoil) => {
    const stage = staged();
    spoil(stage);
    void stage.supervisor.start();
    await stage.clock.advance(0);
    let tookMs: number | undefined;
    const stopping = stage.supervisor.stop().then(() => (tookMs = stage.clock.now()));
    await stage.clock.advance('26s');
    await stopping;
    expect(tookMs).toBeLessThanOrEqual(26_000);
    expect(stage.supervisor.state).toBe('stopped');
    expect(stage.events.filter(({ name }) => name === 'workers.fault')).toHaveLength(1);
  });

  it.each([
    ['hangs', never],
    ['throws', boom],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('stops within its deadline, never rejects and reports it when an intake %s', async (_, intakeStop) => {
    const stage = staged({ intakeStop });
    await stage.supervisor.start();
    const stopping = stage.supervisor.stop();
    await stage.clock.advance('25s');
    await stopping;
    expect(stage.told.at(-1)).toMatch(/B: stop$/);
    expect(stage.events.filter((event) => event.name === 'workers.fault')).toMatchObject([{ source: 'Clock' }]);
  });

  it('survives any order of starts and stops', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('start', 'stop', 'turn', 'busy', 'quiet'), { maxLength: 12 }),
        async (calls) => {
          const stage = staged();
          const { supervisor, first, told, clock } = stage;
          const refused: unknown[] = [];
          for (const call of calls) {
            if (call === 'start') supervisor.start().catch((error: unknown) => refused.push(error));
            else if (call === 'stop') void supervisor.stop();
            else if (call === 'turn') await clock.advance(0);
            else if (call === 'busy') first.isQuiet = false;
            else first.fallQuiet();
          }
          await stopped(stage);
          expect(supervisor.state).toBe('stopped');
          expect(told.filter((line) => line.endsWith('A: stop'))).toHaveLength(1);
          expect(told.filter((line) => line.endsWith('A: start')).length).toBeLessThanOrEqual(1);
          expect(refused.every((error) => error instanceof WorkersStoppingError)).toBe(true);
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('the door of a house', () => {
  const about = { runId: 1, worker: 'A', messageId: 'm1' };

  it('is open to everybody until the stop begins', async () => {
    const { supervisor } = staged();
    expect(supervisor.isOpen).toBe(true);
    await supervisor.start();
    expect(supervisor.isOpen).toBe(true);
  });

  it('is open to running handlers of this house until all is drained', async () => {
    const stage = staged();
    const { supervisor, first } = stage;
    await supervisor.start();
    first.isQuiet = false;
    const stopping = supervisor.stop();
    const [guest, neighbour] = [
      inside.run({ house: supervisor, ...about }, () => supervisor.isOpen),
      inside.run({ house: staged().supervisor, ...about }, () => supervisor.isOpen),
    ];
    expect([supervisor.isOpen, guest, neighbour]).toEqual([false, true, false]);
    first.fallQuiet();
    await stopping;
    expect(inside.run({ house: supervisor, ...about }, () => supervisor.isOpen)).toBe(false);
  });
});

describe('what a stop leaves behind', () => {
  it('is handed over by name: what waited in channels and in crews, and what was given up', async () => {
    const handed: Leftover[] = [];
    const stage = staged({ onLeftover: (leftovers) => void handed.push(...leftovers) });
    const { supervisor, first, second, channel, events } = stage;
    const callers = [new Caller(), new Caller(), new Caller()];
    const [inChannel, inCrew, aborted] = callers.map((caller, index) => message<unknown>(index, caller)) as [
      Message,
      Message,
      Message,
    ];
    await supervisor.start();
    void channel.put(inChannel);
    first.isQuiet = false;
    second.waiting = [inCrew];
    first.abort = () => supervisor.noteAborted('A', aborted);
    await stopped(stage);
    expect(handed).toEqual([
      { from: 'B', kind: 'waiting', messages: [inCrew] },
      { from: 'A', kind: 'aborted', messages: [aborted] },
      { from: 'in', kind: 'waiting', messages: [inChannel] },
    ]);
    expect(events.at(-1)).toMatchObject({ name: 'workers.stopped', leftovers: { in: 1, A: 1, B: 1 } });
    expect(callers.map(({ state }) => state)).toEqual(['refused', 'refused', 'waiting']);
    expect(callers[0]?.heard[0]).toBeInstanceOf(WorkersStoppingError);
  });

  it('is handed over however much it is', async () => {
    const counts: number[] = [];
    const stage = staged({
      onLeftover: (leftovers) => void counts.push(...leftovers.map(({ messages }) => messages.length)),
    });
    await stage.supervisor.start();
    stage.first.waiting = Array.from({ length: 200_000 }, () => message(1));
    stage.second.waiting = Array.from({ length: 200_000 }, () => message(1));
    Object.assign(stage.second, { name: 'A' });
    await stopped(stage);
    expect(counts).toEqual([400_000]);
  });

  it('is nothing: then the hook is not called', async () => {
    const stage = staged({ onLeftover: () => expect.unreachable() });
    await stage.supervisor.start();
    await stopped(stage);
    expect(stage.events.filter(({ name }) => name === 'workers.fault')).toEqual([]);
  });

  it('was given up while it stopped; a timeout or a caller that left before does not count', async () => {
    const stage = staged();
    await stage.supervisor.start();
    stage.supervisor.noteAborted('A', message(1));
    await stopped(stage);
    expect(stage.events.at(-1)).toHaveProperty('leftovers', {});
  });

  it.each([
    ['throws', () => Promise.reject(new Error('disk full'))],
    ['hangs', () => new Promise(() => {})],
  ])('is reported also when the hook %s; the stop ends', async (_, onLeftover) => {
    const stage = staged({ onLeftover });
    void stage.channel.put(message(1));
    await stage.supervisor.start();
    await stopped(stage);
    expect(stage.events.map(({ name }) => name).slice(-2)).toEqual(['workers.fault', 'workers.stopped']);
    expect(stage.events.at(-1)).toMatchObject({ leftovers: { in: 1 } });
  });
});
