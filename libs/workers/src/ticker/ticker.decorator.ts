import 'reflect-metadata';
import { Injectable, type InjectableOptions } from '@nestjs/common';
import { calledFrom } from '../worker/call.site.js';
import { runsElsewhere } from '../worker/isolated.handler.js';
import type { TickContext } from './tick.context.js';
import type { TickerOptions } from './ticker.options.js';
import { TICKER_METADATA, type TickerRecord } from './ticker.js';

/** A class whose instances tick and return something that fits `O`. */
type TickerClass<O> = new (...args: never[]) => { tick(context: TickContext): O | Promise<O> };

/** What fits an output: the output's payload, or nothing. */
type Output<O> = unknown extends O ? unknown : O | null | undefined | void;

/**
 * Makes a class a ticker. Writes a record on the class and does nothing else; the class becomes injectable.
 *
 * @param options see `TickerOptions`; checked when the application starts
 * @param injectable Nest's own options, for a request-scoped handler: `{ scope: Scope.REQUEST }`
 * @example
 * @Ticker({ every: '1s', out: Ticks })
 * export class Clock implements TickHandler<number> {
 *   tick(context: TickContext) { return context.sequence; }
 * }
 */
export function Ticker<O = unknown>(options: TickerOptions<O>, injectable?: InjectableOptions) {
  const file = runsElsewhere(options) ? calledFrom(Ticker) : undefined;
  return <C extends TickerClass<Output<O>>>(target: C): void => {
    const record: TickerRecord = { options: Object.freeze({ ...options }), file };
    Reflect.defineMetadata(TICKER_METADATA, record, target);
    Injectable(injectable)(target);
  };
}
