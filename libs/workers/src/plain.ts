/**
 * The part of what the house lends that loads nothing of Nest: for code that also runs outside of an application, such as a store on a
 * command line, where loading Nest would take most of the time. What is said of `extension.ts` holds here too.
 */
export { Packing } from './isolate/packing.js';
export { type Duration, toMs } from './lifecycle/duration.js';
export * from './option.table.js';
export { BUILT_IN_ERRORS } from './wire/error.registry.js';
export { shown, suggestion, WorkersError } from './workers.error.js';
