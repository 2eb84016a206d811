// For the command-line program: what `nestjs-workers inspect` is.

export { inspect } from './inspect.command.js';
