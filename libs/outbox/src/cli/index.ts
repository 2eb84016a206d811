// For packages that bring command groups of their own, such as the workflows: what a command is made of.

export type { Command, CommandOptions, Given, Terminal } from './command.js';
export { type CommandGroup, program } from './program.js';
export { assertThere, type Chosen, STORE_OPTIONS, withChosen, withOpen } from './store.choice.js';
export { aligned, counted, harmless, timeOf } from './text.js';
export { UsageError } from './usage.error.js';
