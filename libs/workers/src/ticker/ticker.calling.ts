import type { Calling, Handle } from '../worker/nest.handler.js';
import type { TickHandlerContext } from './tick.context.js';
import type { TickHandler } from './ticker.js';

/** How a ticker class is called. */
export const TICKER_CALLING: Calling = {
  method: 'tick',
  args: (_message, context) => [context],
  straight: (instance): Handle => {
    const ticker = instance as TickHandler;
    return (_message, context) => ticker.tick(context as TickHandlerContext);
  },
};
