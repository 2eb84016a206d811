import { channel as diagnosticsChannel } from 'node:diagnostics_channel';
import { map } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { unhandledWhile } from '../../../../test/support/unhandled.js';
import { Message } from '../message/message.js';
import { Announcer, type Observer } from './announcer.js';
import { EVENT_NAMES, type WorkersEvent } from './events.js';
import { WorkersEvents } from './workers.events.js';

const stopped = { tookMs: 1, leftovers: {} };

function listening(announcer: Announcer): WorkersEvent[] {
  const heard: WorkersEvent[] = [];
  announcer.listen((event) => heard.push(event));
  return heard;
}

describe('an announcer', () => {
  it('tells every observer the same frozen event, with its name', () => {
    const announcer = new Announcer();
    const [first, second] = [listening(announcer), listening(announcer)];
    announcer.announce('workers.stopped', stopped);
    expect(first).toEqual([{ name: 'workers.stopped', tookMs: 1, leftovers: {} }]);
    expect(first[0]).toBe(second[0]);
    expect(Object.isFrozen(first[0])).toBe(true);
  });

  it('tells an observer only what it listens to, and nothing once it is taken away', () => {
    const announcer = new Announcer();
    const heard: string[] = [];
    const leave = announcer.listen((event) => heard.push(event.name), ['workers.stopped']);
    announcer.announce('workers.running', { workers: [], tickers: [] });
    announcer.announce('workers.stopped', stopped);
    leave();
    announcer.announce('workers.stopped', stopped);
    expect(heard).toEqual(['workers.stopped']);
  });

  it('does not build an event that nobody listens to', () => {
    const announcer = new Announcer();
    const fields = vi.fn<() => number>(() => 1);
    const costly = {
      get tookMs() {
        return fields();
      },
      leftovers: {},
    };
    announcer.announce('workers.stopped', costly);
    const leave = announcer.listen(() => {}, ['workers.running']);
    announcer.announce('workers.stopped', costly);
    leave();
    expect([fields.mock.calls.length, announcer.topic('workers.stopped').isHeard]).toEqual([0, false]);
    announcer.listen(() => {}, ['workers.stopped']);
    announcer.announce('workers.stopped', costly);
    expect([fields.mock.calls.length, announcer.topic('workers.stopped').isHeard]).toEqual([1, true]);
  });

  it('goes on telling the others when an observer throws or rejects, and reports each once', async () => {
    const announcer = new Announcer();
    const throwing: Observer = () => {
      throw new Error('thrown');
    };
    announcer.listen(throwing, ['workers.stopped']);
    announcer.listen(async () => Promise.reject(new Error('rejected')), ['workers.stopped']);
    const heard = listening(announcer);
    const unhandled = await unhandledWhile(() => {
      announcer.announce('workers.stopped', stopped);
      announcer.announce('workers.stopped', stopped);
    });
    expect(unhandled).toEqual([]);
    expect(heard.filter(({ name }) => name === 'workers.stopped')).toHaveLength(2);
    const faults = heard.filter((event) => event.name === 'workers.fault');
    expect(faults.map(({ source, error }) => [source, error.message])).toEqual([
      ['observer', 'thrown'],
      ['observer', 'rejected'],
    ]);
  });

  it('survives an observer of everything that throws at everything, its own report included', () => {
    const announcer = new Announcer();
    let calls = 0;
    announcer.listen(() => {
      calls++;
      throw new Error('always');
    });
    const heard = listening(announcer);
    announcer.announce('workers.stopped', stopped);
    expect([calls, heard.filter(({ name }) => name === 'workers.fault').length]).toEqual([2, 1]);
  });

  it('makes an Error of whatever a fault is', () => {
    const announcer = new Announcer();
    const heard = listening(announcer);
    announcer.fault('settle', 'lost connection');
    expect(heard).toMatchObject([{ name: 'workers.fault', source: 'settle', error: { message: 'lost connection' } }]);
  });

  it('lets observers come and go while it tells', () => {
    const announcer = new Announcer();
    const heard: string[] = [];
    const leave = announcer.listen(() => {
      leave();
      announcer.listen(() => heard.push('late'));
    });
    announcer.listen(() => heard.push('second'));
    announcer.announce('workers.stopped', stopped);
    expect(heard).toEqual(['second']);
    announcer.announce('workers.stopped', stopped);
    expect(heard).toEqual(['second', 'second', 'late']);
  });
});

describe('diagnostics channels', () => {
  it.each(EVENT_NAMES)('hear %s, the same event that observers get', (name) => {
    const announcer = new Announcer();
    const heard = listening(announcer);
    const published: unknown[] = [];
    const subscriber = (event: unknown): void => void published.push(event);
    diagnosticsChannel(name).subscribe(subscriber);
    announcer.announce(name, { tookMs: 1 } as never);
    diagnosticsChannel(name).unsubscribe(subscriber);
    announcer.announce(name, { tookMs: 2 } as never);
    expect([published.length, published[0]]).toEqual([1, heard[0]]);
    expect(published[0]).toBe(heard[0]);
  });

  it('are enough for an event to be built', () => {
    const topic = new Announcer().topic('workers.tick');
    const subscriber = (): void => {};
    diagnosticsChannel('workers.tick').subscribe(subscriber);
    expect(topic.isHeard).toBe(true);
    diagnosticsChannel('workers.tick').unsubscribe(subscriber);
    expect(topic.isHeard).toBe(false);
  });
});

describe('events$', () => {
  it('shows every event from the moment of subscribing, and costs nothing before', () => {
    const announcer = new Announcer();
    const { events$ } = new WorkersEvents(announcer);
    expect(announcer.topic('workers.stopped').isHeard).toBe(false);
    const seen: string[] = [];
    const subscription = events$.subscribe(({ name }) => seen.push(name));
    announcer.announce('workers.stopped', stopped);
    subscription.unsubscribe();
    expect([seen, announcer.topic('workers.stopped').isHeard]).toEqual([['workers.stopped'], false]);
  });

  const boom = (): never => {
    throw new Error('boom');
  };
  const asyncBoom: () => unknown = async () => boom();
  it.each([
    ['a subscriber that throws', (announcer: Announcer) => announcer.events$.subscribe(boom)],
    ['a subscriber that rejects', (announcer: Announcer) => announcer.events$.subscribe(asyncBoom)],
    ['an operator that throws', (announcer: Announcer) => announcer.events$.pipe(map(boom)).subscribe()],
  ])('reports %s once; it harms nobody', async (_, subscribe) => {
    const announcer = new Announcer();
    const heard = listening(announcer);
    const unhandled = await unhandledWhile(() => {
      subscribe(announcer);
      announcer.announce('workers.stopped', stopped);
      announcer.announce('workers.stopped', stopped);
    });
    expect(unhandled).toEqual([]);
    expect(heard.filter(({ name }) => name === 'workers.stopped')).toHaveLength(2);
    expect(heard.filter(({ name }) => name === 'workers.fault')).toMatchObject([
      { source: 'observer', error: { message: 'boom' } },
    ]);
  });

  it('reports each subscriber that throws', () => {
    const announcer = new Announcer();
    const heard = listening(announcer);
    announcer.events$.subscribe(boom);
    announcer.events$.subscribe(boom);
    announcer.announce('workers.stopped', stopped);
    expect(heard.filter(({ name }) => name === 'workers.fault')).toHaveLength(2);
  });
});

describe('what observers see of payloads', () => {
  const message = new Message({ card: '4111 1111' }, 0);

  it('is nothing by default', () => {
    expect(new Announcer().shown(message)).toEqual({});
  });

  it('is what the redact function makes of them', () => {
    const announcer = new Announcer((payload, { messageId }) => [Object.keys(payload as object), messageId]);
    expect(announcer.shown(message)).toEqual({ payload: [['card'], message.id] });
  });

  it('is nothing when the redact function throws, which is reported', () => {
    const announcer = new Announcer(() => {
      throw new Error('no redaction, no payload');
    });
    const heard = listening(announcer);
    expect(announcer.shown(message)).toEqual({});
    expect(heard).toMatchObject([
      { name: 'workers.fault', source: 'redact', error: { message: 'no redaction, no payload' } },
    ]);
  });
});
