// What tests of workflows need; nothing here is loaded in production.

export { Given, given, Then } from './given.js';
export { type EffectsStandIn, type Performed, Rehearsal, rehearsal } from './rehearsal.js';
