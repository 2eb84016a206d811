import type { LoggerService } from '@nestjs/common';
import { asError } from '../../message/fault.js';
import { SystemClock } from '../../lifecycle/clock.js';
import { Announcer } from '../../observe/announcer.js';
import type { ContextHouse, HandlerLogger } from '../../worker/worker.context.js';
import { classAt } from '../address.js';
import { isBirth } from '../birth.js';
import { knownErrors } from '../known.errors.js';
import { Packing } from '../packing.js';
import { parseToIsolate } from '../protocol.js';
import { Calls } from './calls.js';
import { FarLogger } from './far.logger.js';
import { FarPremises } from './far.premises.js';
import { decorated, type Inner, openHome } from './home.js';
import type { Link } from './link.js';
import { Resident } from './resident.js';

/**
 * The inside of an isolate, from its first word on: it waits to be born, opens the home that its birth describes, and from then on a
 * `Resident` listens.
 *
 * Promises: what cannot be opened (no such file, class, module or provider; a start hook that fails) is told to the host, and the isolate
 * ends; what the host says meanwhile is not lost, and what a start hook asks is answered.
 */
export function live(link: Link): void {
  const early: unknown[] = [];
  let isGone = false;
  link.onGone = () => {
    isGone = true;
    link.leave(0);
  };
  link.onWord = (word) => {
    const said = parseToIsolate(word);
    if (said?.[0] !== 'birth') return link.leave(0);
    link.onWord = (next) => (parseToIsolate(next)?.[0] === 'close' ? link.leave(0) : early.push(next));
    beBorn(link, said[1]).then(
      (resident) => {
        // Its host went while it was being born, and what it has opened would be open for ever.
        if (isGone) return link.onGone();
        link.onWord = (next) => resident.hear(next);
        for (const next of early.splice(0)) resident.hear(next);
      },
      (error: unknown) => {
        link.say(['refused', new Packing(link.form, knownErrors()).thrown(asError(error))]);
        link.flush();
        link.leave(1);
      },
    );
  };
}

async function beBorn(link: Link, birth: unknown): Promise<Resident> {
  if (!isBirth(birth)) throw new Error('The host did not say what this isolate is');
  const { kind, home: address, info, channels: names, concurrency, stats, setup } = birth;
  // Before the handler's own file: what it sets up may be what that file needs.
  const prepared = setup === null ? {} : ((await import(/* @vite-ignore */ setup)) as Partial<Inner>);
  const target = await classAt(address);
  const dispatch = { ...prepared, ...decorated(kind, target).dispatch };
  link.speak(dispatch);
  const packing = new Packing(link.form, knownErrors(dispatch.errors));
  const calls = new Calls(link, packing);
  answerEarly(link, calls);
  const announcer = new Announcer();
  const premises = new FarPremises(link, calls, packing, names, stats, announcer);
  const logger = new FarLogger(link);
  const { channels } = premises;
  const home = await openHome(kind, target, { premises, channels, announcer, logger });
  const house: ContextHouse = {
    info,
    channels: channels as unknown as ContextHouse['channels'],
    logger: named(logger, info.name),
    announcer,
    clock: new SystemClock(),
    stats: () => premises.stats(),
  };
  return new Resident({ link, home, house, premises, calls, packing, announcer, concurrency });
}

/** What a start hook asks of the host is answered while the home is being opened; all else waits until it stands. */
function answerEarly(link: Link, calls: Calls): void {
  const later = link.onWord;
  link.onWord = (next) => {
    const word = parseToIsolate(next);
    if (word?.[0] === 'answer' || word?.[0] === 'refuse' || word?.[0] === 'told') calls.hear(word);
    else later(next);
  };
}

function named(logger: LoggerService, name: string): HandlerLogger {
  return {
    log: (message, ...more) => logger.log(message, ...more, name),
    warn: (message, ...more) => logger.warn(message, ...more, name),
    debug: (message, ...more) => logger.debug?.(message, ...more, name),
    error: (message, ...more) => logger.error(message, ...more, name),
  };
}
