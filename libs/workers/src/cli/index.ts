// For packages that bring commands of their own, such as the outbox: what a command is made of.

export { type Command, type CommandOptions, Given, type Screen, type Terminal } from './command.js';
export { type CommandGroup, type Offers, program } from './program.js';
export { aligned, counted, harmless, spanOf, timeOf } from './text.js';
export { UsageError } from './usage.error.js';
