import { parseArgs } from 'node:util';
import { shown, suggestion } from '../workers.error.js';
import { UsageError } from './usage.error.js';

/** One command of the program. */
export interface Command {
  readonly summary: string;
  /** What it takes beside options, as its help shows it; without it, words are refused. */
  readonly words?: string;
  readonly options: CommandOptions;
  /** More to say in its help. */
  readonly notes?: string;
  /** Resolves with the exit code. */
  readonly run: (given: Given, terminal: Terminal) => Promise<number>;
}

/** The options of a command by name. One without `value` is a flag. */
export type CommandOptions = Readonly<Record<string, { readonly value?: string; readonly about: string }>>;

/** Where a command writes; a line, or lines, without the last line feed. */
export interface Terminal {
  readonly say: (text: string) => void;
  readonly complain: (text: string) => void;
  /** Where a person looks on, and what was written can be written over; undefined in a pipe or a file. */
  readonly screen?: Screen;
  /** Aborted when it is to end (Ctrl+C). A command that asks for it ends by itself from then on, and soon. */
  readonly interruption?: () => AbortSignal;
}

/** A terminal that is drawn on. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Whether colours are wanted. */
  readonly hasColours: boolean;
  /** As it is, without a line feed. */
  readonly draw: (text: string) => void;
  /** @returns what ends it */
  readonly onResize: (call: () => void) => () => void;
}

/** What a command was given, checked against the options it has. */
export class Given {
  private constructor(
    readonly words: readonly string[],
    private readonly values: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** @throws UsageError */
  static read({ words, options }: Command, args: readonly string[]): Given {
    const { tokens, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(
        Object.entries(options).map(([name, { value }]) => [
          name,
          { type: value === undefined ? 'boolean' : 'string' },
        ]),
      ),
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    const values = new Map<string, readonly string[]>();
    for (const token of tokens) {
      if (token.kind !== 'option') continue;
      values.set(token.name, [...(values.get(token.name) ?? []), valueOf(token, options)]);
    }
    if (words === undefined && positionals.length > 0)
      throw new UsageError(`expected options only, got "${positionals[0]}". Remove it.`);
    return new Given(positionals, values);
  }

  has(option: string): boolean {
    return this.values.has(option);
  }

  /** The last one, where it was given more than once. */
  text(option: string): string | undefined {
    return this.values.get(option)?.at(-1);
  }

  /** Each one, of an option that may be given more than once. */
  texts(option: string): readonly string[] {
    return this.values.get(option) ?? [];
  }

  /** @throws UsageError */
  count(option: string, least: number, fallback: number): number {
    const text = this.text(option);
    if (text === undefined) return fallback;
    const count = /^\d+$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(count) && count >= least) return count;
    throw new UsageError(`--${option}: expected an integer from ${least} up, got ${shown(text)}.`);
  }
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
}

function valueOf({ name, rawName, value }: OptionToken, options: CommandOptions): string {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const known = Object.keys(options).map((one) => `--${one}`);
    throw new UsageError(`${rawName}: unknown option.${suggestion(rawName, known)}`);
  }
  if (option.value === undefined && value !== undefined)
    throw new UsageError(`${rawName}: takes no value, got ${shown(value)}. Say just ${rawName}.`);
  if (option.value !== undefined && (value === undefined || value === ''))
    throw new UsageError(`${rawName}: expected a value, got none. Say ${rawName} <${option.value}>.`);
  return value ?? '';
}
