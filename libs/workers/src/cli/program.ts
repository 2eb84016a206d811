import { readFileSync } from 'node:fs';
import { type Command, Given, type Terminal } from './command.js';
import { helpOn, helpOnGroup, helpOnProgram } from './help.js';
import { suggestion } from '../workers.error.js';
import { UsageError } from './usage.error.js';

/** Commands that belong together, such as `outbox`. */
export interface CommandGroup {
  readonly summary: string;
  readonly commands: Readonly<Record<string, Command>>;
}

/** What the program offers by name: groups of commands, and commands that stand alone. One is loaded when it is asked for. */
export type Offers = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<CommandGroup | Command> }>
>;

/** How the program is called. */
export const NAME = 'nestjs-workers';

/**
 * The command-line program: `nestjs-workers <group> <command> [options]`, or `nestjs-workers <command> [options]`.
 *
 * Promises: it resolves with the exit code and never rejects. 0: done. 1: it could not be done, or what was looked at is not in order. 2: it
 * was called wrongly, and nothing was touched. What goes wrong is one message without a stack, on the terminal's error side.
 */
export async function program(offers: Offers, args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(offers, args, terminal);
  } catch (error) {
    terminal.complain(`${NAME}: ${messageOf(error)}`);
    if (!(error instanceof UsageError)) return 1;
    terminal.complain(`See ${[NAME, ...error.place, '--help'].join(' ')}.`);
    return 2;
  }
}

async function dispatch(offers: Offers, [first, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  if (isHelp(first)) return shown(helpOnProgram(offers), terminal);
  if (first === '--version') return shown(version(), terminal);
  if (first === undefined) throw new UsageError(`expected a command, got none.${suggestion('', Object.keys(offers))}`);
  const offer = await found(first, offers, []).load();
  if ('run' in offer) return perform([first], offer, rest, terminal);
  const { summary, commands } = offer;
  const [second, ...args] = rest;
  if (isHelp(second)) return shown(helpOnGroup(first, summary, commands), terminal);
  if (second === undefined)
    throw new UsageError(`expected a command of "${first}", got none.${suggestion('', Object.keys(commands))}`, [
      first,
    ]);
  return perform([first, second], found(second, commands, [first]), args, terminal);
}

function perform(
  place: readonly string[],
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> | number {
  if (args.some(isHelp)) return shown(helpOn(place, command), terminal);
  return inPlace(place, async () => command.run(Given.read(command, args), terminal));
}

function found<T>(asked: string, known: Readonly<Record<string, T>>, place: readonly string[]): T {
  if (Object.hasOwn(known, asked)) return known[asked] as T;
  throw new UsageError(`expected a command, got "${asked}".${suggestion(asked, Object.keys(known))}`, place);
}

/** What a command finds wrong about its arguments is told with the command's name. */
async function inPlace(place: readonly string[], work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, place) : error;
  }
}

function isHelp(arg: string | undefined): boolean {
  return arg === '--help' || arg === '-h';
}

function shown(text: string, terminal: Terminal): number {
  terminal.say(text);
  return 0;
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message;
}
