import { Logger } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { Observer } from './observe/announcer.js';
import type { WorkersEvent } from './observe/events.js';
import { LOGGED_EVENTS, logTo } from './observe/log.js';
import type { WorkersApplication } from './workers.application.js';
import type { ObserverToken } from './workers.options.js';

/** How many events are kept for an observer that Nest has not made yet. */
const MOST_KEPT = 10_000;

/**
 * The log, and the observer that the options name: they hear everything from the moment on at which there are channels, also what the
 * constructors and start hooks of other modules send.
 *
 * An observer that is a provider may not have been made by then. What happens before is kept for it, 10,000 events at most, and told first.
 */
export class Listeners {
  /** What the observer has not heard yet, while it is not there. */
  private readonly early: WorkersEvent[] = [];
  private stopKeeping: (() => void) | undefined;
  private missed = 0;

  constructor(
    private readonly application: WorkersApplication,
    private readonly modules: ModulesContainer,
  ) {
    const { announcer, options, withFailures } = application;
    const { observer } = options;
    announcer.listen(logTo(new Logger('Workers'), withFailures), LOGGED_EVENTS);
    if (observer === undefined) return;
    if (this.provider(observer) !== undefined) this.stopKeeping = announcer.listen((event) => this.keep(event));
    else if (isPlainFunction(observer)) announcer.listen(observer);
    else this.refuse(`nobody provides ${nameOf(observer)}. Provide it in a module`);
  }

  /** Nest has made every provider: the observer is told what it missed, and hears for itself from now on. */
  takeUp(moduleRef: ModuleRef): void {
    if (this.stopKeeping === undefined) return;
    const { announcer } = this.application;
    const observer = this.observerOf(moduleRef);
    if (observer === undefined) return;
    announcer.tellLate(observer, this.early);
    this.stopKeeping();
    this.stopKeeping = undefined;
    this.early.length = 0;
    announcer.listen(observer);
    if (this.missed === 0) return;
    announcer.fault('observer', new Error(`${this.missed} events before the start were not kept for it.`));
  }

  private observerOf(moduleRef: ModuleRef): Observer | undefined {
    const token = this.application.options.observer as ObserverToken;
    const provider = this.provider(token);
    if (provider?.isTransient === true || provider?.isDependencyTreeStatic() === false)
      return this.refuse(
        `${nameOf(token)} is request-scoped or transient, and one is to hear all. Make it a singleton`,
      );
    const found: Observer | { readonly observe?: Observer } = moduleRef.get(token as never, { strict: false });
    if (typeof found === 'function') return found;
    if (typeof found.observe === 'function') return (event) => found.observe?.(event);
    return this.refuse(`${nameOf(token)} is neither a function nor has it a method observe(event). Add one`);
  }

  private provider(token: Observer | ObserverToken) {
    const found = [...this.modules.values()].map(({ providers }) => providers.get(token as never));
    return found.find((provider) => provider !== undefined);
  }

  private refuse(why: string): undefined {
    this.application.refuse(`options.observer: ${why}, or give a function.`);
  }

  private keep(event: WorkersEvent): void {
    if (this.early.length < MOST_KEPT) this.early.push(event);
    else this.missed++;
  }
}

function nameOf(token: Observer | ObserverToken | undefined): string {
  return typeof token === 'function' ? token.name : String(token);
}

function isPlainFunction(given: Observer | ObserverToken): given is Observer {
  return typeof given === 'function' && !/^class\b/.test(Function.prototype.toString.call(given));
}
