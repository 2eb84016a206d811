import type { Observer } from './announcer.js';
import type { DropReason, WorkersEvent, WorkersEventName } from './events.js';

/** Where the log goes; Nest's `Logger` fits. */
export interface Log {
  log(message: string): void;
  warn(message: string): void;
  error(message: string, stack?: string): void;
}

/** Below this, a full buffer is an ordinary sight: a ticker before its worker, a hand-over. */
const LARGE_BUFFER = 8;

const WITHOUT_TAKER = '. Give it a buffer, or a worker that takes from it';
/** What helps where messages get lost because nobody thought of it. */
const WAY_OUT: Partial<Record<DropReason, string>> = { 'output-drop': WITHOUT_TAKER, 'failures-full': WITHOUT_TAKER };

/**
 * Writes what an operator must not miss: failures that nobody else hears of, the first drop of each kind, overload that begins or
 * ends, faults outside handlers, and what a stop left behind. One line each, with names and figures; no payloads.
 */
export function logTo(log: Log, workersWithFailures: ReadonlySet<string>): Observer {
  const seenDrops = new Set<string>();
  return (event: WorkersEvent): void => {
    switch (event.name) {
      case 'workers.error':
        if (!event.hasCaller && !workersWithFailures.has(event.worker)) {
          log.error(
            `${event.worker}: message ${event.messageId} failed (${event.kind}): ${event.error.message}`,
            event.error.stack,
          );
        }
        return;
      case 'workers.drop': {
        const kind = `${event.channel}/${event.reason}`;
        if (!seenDrops.has(kind))
          log.warn(
            `channel "${event.channel}": first message dropped (${event.reason}); later ones are only counted${WAY_OUT[event.reason] ?? ''}`,
          );
        seenDrops.add(kind);
        return;
      }
      case 'workers.saturation':
        if (event.capacity >= LARGE_BUFFER)
          log.warn(
            `channel "${event.channel}": ${event.state === 'entered' ? 'is nearly full' : 'has room again'} { depth: ${event.depth}, of: ${event.capacity} }`,
          );
        return;
      case 'workers.starvation':
        log.warn(
          `channel "${event.channel}": ${event.state === 'entered' ? 'messages wait too long' : 'messages are taken in time again'} { oldestAgeMs: ${Math.round(event.oldestAgeMs)} }`,
        );
        return;
      case 'workers.blocked':
        log.warn(
          `${event.worker ?? 'a handler'}: held the event loop for ${event.blockedMs.toFixed(1)} ms${event.location === undefined ? '' : ` at ${event.location}`} { message: ${event.messageId ?? 'unknown'} }`,
        );
        return;
      case 'workers.buried':
        log.error(
          `channel "${event.channel}": message ${event.messageId} is a dead letter after attempt ${event.attempt} (${event.reason})${event.error === undefined ? '' : `: ${event.error.message}`}`,
        );
        return;
      case 'workers.taken-over':
        log.warn(`took over what host ${event.host} had claimed when it died { claims: ${event.claims} }`);
        return;
      case 'workers.orphans': {
        const waiting = Object.entries(event.channels).map(([channel, count]) => `${channel}: ${count}`);
        log.warn(
          `the ${event.store} store holds messages that no worker here takes { ${waiting.join(', ')} }; they wait for an application that has one`,
        );
        return;
      }
      case 'workers.relay':
        if (event.state === 'unreachable' || event.state === 'lost')
          log.warn(
            `the ${event.store} store ${event.state === 'lost' ? 'gave our claims to others' : 'cannot be reached'}, trying again: ${event.error?.message ?? 'no reason given'}`,
          );
        return;
      case 'workers.action':
        log.log(
          `${event.worker ?? (event.channel === undefined ? 'the application' : `channel "${event.channel}"`)}: ${event.action}${event.actor === undefined ? '' : ` by ${event.actor}`}${shownDetail(event.detail)}`,
        );
        return;
      case 'workers.fault':
        log.error(`${event.source}: ${event.error.message}`, event.error.stack);
        return;
      case 'workers.stopped': {
        const left = Object.entries(event.leftovers).map(([from, count]) => `${from}: ${count}`);
        if (left.length > 0) log.warn(`stopped with messages left { ${left.join(', ')} }`);
        return;
      }
      default:
    }
  };
}

function shownDetail(detail: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(detail).map(([name, value]) => `${name}: ${String(value)}`);
  return fields.length === 0 ? '' : ` { ${fields.join(', ')} }`;
}

/** Has the log listen only to what it writes, so that nobody pays for events it ignores. */
export const LOGGED_EVENTS = [
  'workers.error',
  'workers.drop',
  'workers.saturation',
  'workers.starvation',
  'workers.blocked',
  'workers.buried',
  'workers.taken-over',
  'workers.orphans',
  'workers.relay',
  'workers.action',
  'workers.fault',
  'workers.stopped',
] as const satisfies readonly WorkersEventName[];
