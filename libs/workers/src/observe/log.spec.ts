import { describe, expect, it } from 'vitest';
import { Announcer } from './announcer.js';
import { LOGGED_EVENTS, logTo } from './log.js';

function logging(workersWithFailures: string[] = []) {
  const lines: string[] = [];
  const log = {
    log: (line: string) => lines.push(`log ${line}`),
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string, stack?: string) => lines.push(`error ${line}${stack === undefined ? '' : ' + stack'}`),
  };
  const announcer = new Announcer();
  announcer.listen(logTo(log, new Set(workersWithFailures)), LOGGED_EVENTS);
  return { announcer, lines };
}

const failed = {
  worker: 'Mailer',
  channel: 'emails',
  messageId: 'm1',
  attempt: 1,
  waitMs: 1,
  runMs: 1,
  kind: 'handler_error' as const,
  retryable: true,
  error: new Error('no route'),
};

describe('the log', () => {
  it('has a failure that nobody else hears of', () => {
    const { announcer, lines } = logging();
    announcer.announce('workers.error', { ...failed, hasCaller: false });
    expect(lines).toEqual(['error Mailer: message m1 failed (handler_error): no route + stack']);
  });

  it('has no failure that a caller or a failures channel hears of', () => {
    const { announcer, lines } = logging(['Mailer']);
    announcer.announce('workers.error', { ...failed, hasCaller: false });
    announcer.announce('workers.error', { ...failed, worker: 'Other', hasCaller: true });
    expect(lines).toEqual([]);
  });

  it('has the first drop of each kind and leaves the others to the counters', () => {
    const { announcer, lines } = logging();
    for (const channel of ['emails', 'audit', 'emails'])
      for (const reason of ['input-drop', 'expired', 'input-drop'] as const)
        announcer.announce('workers.drop', { channel, reason, messageId: 'm' });
    expect(lines).toEqual([
      'warn channel "emails": first message dropped (input-drop); later ones are only counted',
      'warn channel "emails": first message dropped (expired); later ones are only counted',
      'warn channel "audit": first message dropped (input-drop); later ones are only counted',
      'warn channel "audit": first message dropped (expired); later ones are only counted',
    ]);
  });

  it('says what to do where results get lost because nobody is ready for them', () => {
    const { announcer, lines } = logging();
    announcer.announce('workers.drop', { channel: 'thumbnails', reason: 'output-drop', messageId: 'm' });
    expect(lines).toEqual([
      'warn channel "thumbnails": first message dropped (output-drop); later ones are only counted. Give it a buffer, or a worker that takes from it',
    ]);
  });

  it('has overload when it begins and when it ends', () => {
    const { announcer, lines } = logging();
    announcer.announce('workers.saturation', { channel: 'emails', state: 'entered', depth: 8, capacity: 10 });
    announcer.announce('workers.saturation', { channel: 'emails', state: 'left', depth: 5, capacity: 10 });
    announcer.announce('workers.starvation', { channel: 'emails', state: 'entered', oldestAgeMs: 10_001.4 });
    announcer.announce('workers.starvation', { channel: 'emails', state: 'left', oldestAgeMs: 0 });
    expect(lines).toEqual([
      'warn channel "emails": is nearly full { depth: 8, of: 10 }',
      'warn channel "emails": has room again { depth: 5, of: 10 }',
      'warn channel "emails": messages wait too long { oldestAgeMs: 10001 }',
      'warn channel "emails": messages are taken in time again { oldestAgeMs: 0 }',
    ]);
  });

  it('has blocked event loops, faults, and what a stop left', () => {
    const { announcer, lines } = logging();
    const blocked = { worker: 'Mailer', messageId: 'm1', blockedMs: 40.26, location: 'mailer.ts:7', stack: [] };
    announcer.announce('workers.blocked', blocked);
    announcer.announce('workers.blocked', { ...blocked, worker: undefined, messageId: undefined, location: undefined });
    announcer.fault('observer', new Error('boom'));
    announcer.announce('workers.stopped', { tookMs: 1, leftovers: { emails: 2, Mailer: 1 } });
    announcer.announce('workers.stopped', { tookMs: 1, leftovers: {} });
    expect(lines).toEqual([
      'warn Mailer: held the event loop for 40.3 ms at mailer.ts:7 { message: m1 }',
      'warn a handler: held the event loop for 40.3 ms { message: unknown }',
      'error observer: boom + stack',
      'warn stopped with messages left { emails: 2, Mailer: 1 }',
    ]);
  });

  it('listens to nothing that every message announces', () => {
    const { announcer } = logging();
    for (const name of ['workers.accepted', 'workers.started', 'workers.completed'] as const) {
      expect(announcer.topic(name).isHeard).toBe(false);
    }
  });
});
