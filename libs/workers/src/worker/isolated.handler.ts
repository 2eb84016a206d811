import type { HandlerType } from '../dispatch/elsewhere.js';

/**
 * What stands among the host's providers for a handler that runs elsewhere: it is found like the class, and nothing of the class is made
 * here.
 */
export class IsolatedHandler {
  constructor(readonly target: HandlerType) {}
}

/** Whether a decorator's options send the handler to another thread or process. */
export function runsElsewhere(options: object | undefined): boolean {
  const { dispatch } = (options ?? {}) as { dispatch?: unknown };
  return (
    typeof dispatch === 'object' && dispatch !== null && 'isElsewhere' in dispatch && dispatch.isElsewhere === true
  );
}
