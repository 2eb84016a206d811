import type { Command } from './command.js';
import type { Offers } from './program.js';
import { aligned } from './text.js';

export function helpOnProgram(groups: Offers): string {
  return sections(
    'nestjs-workers <what> [command] [options]',
    listed(Object.entries(groups).map(([name, { summary }]) => [name, summary])),
    'nestjs-workers <what> --help says more; --version says which version this is.',
  );
}

export function helpOnGroup(name: string, summary: string, commands: Readonly<Record<string, Command>>): string {
  return sections(
    `nestjs-workers ${name} <command> [options]`,
    summary,
    listed(Object.entries(commands).map(([command, about]) => [command, about.summary])),
    `nestjs-workers ${name} <command> --help says more.`,
  );
}

export function helpOn(place: readonly string[], { summary, words, options, notes }: Command): string {
  const rows = Object.entries(options).map(([name, { value, about }]) => [
    value === undefined ? `--${name}` : `--${name} <${value}>`,
    about,
  ]);
  return sections(
    ['nestjs-workers', ...place, ...(words === undefined ? [] : [words]), '[options]'].join(' '),
    summary,
    listed(rows),
    ...(notes === undefined ? [] : [notes]),
  );
}

function sections(...texts: readonly string[]): string {
  return texts.join('\n\n');
}

function listed(rows: readonly (readonly string[])[]): string {
  return aligned(rows)
    .map((line) => `  ${line}`)
    .join('\n');
}
