/**
 * What a message costs here, and with the neighbours: `npm run bench`.
 *
 * Fails when a case fails, never because of a figure.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { durableNewest } from './durable/newest/newest.suite.js';
import { USAGE, wishes, type Wishes } from './main.options.js';
import { forTerminal } from './report/drawing.js';
import { page, type Taking } from './report/page.js';
import { summaryOf } from './report/summary.js';
import { tableOf } from './report/table.js';
import { play, type Standing } from './round/rounds.js';
import { suites } from './suites.js';

const PAGE = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const asked = understood(args);
  if (!asked) return 2;
  if (asked.isHelp) return tell(USAGE);
  if (asked.isListing) return tell(listing());

  const standings = await play(asked.plan, (text) => process.stderr.write(text));
  tell(report(standings, asked));
  if (asked.isWriting) write({ plan: asked.plan, standings, command: commandLine(args) });
  return standings.some(({ results }) => results.some(({ failures }) => failures.length > 0)) ? 1 : 0;
}

function understood(args: readonly string[]): Wishes | undefined {
  try {
    return wishes(args, suites);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

function report(standings: readonly Standing[], { isSmoke }: Wishes): string {
  if (isSmoke) return smoke(standings);
  const tables = standings.map((standing) => forTerminal(tableOf(standing)));
  const summaries = suites
    .map((suite) => standings.filter(({ heat }) => heat.suite === suite))
    .filter((own) => own.length > 0)
    .map((own) => forTerminal(summaryOf(own)));
  return [...tables, ...summaries].join('\n');
}

/** Only whether each case ran: the counts are too small for a figure to mean anything. */
function smoke(standings: readonly Standing[]): string {
  const all = standings.flatMap(({ heat, results }) => results.map((result) => ({ heat, ...result })));
  const failed = all.filter(({ failures }) => failures.length > 0);
  const lines = failed.map(
    ({ heat, entrant, failures }) => `${heat.scenario.name}, ${entrant.peer.name}: ${failures[0]!.reason}`,
  );
  return [...lines, `${all.length} cases, ${failed.length === 0 ? 'none' : failed.length} failed.`].join('\n');
}

/** A page with holes in it would be believed too: it is not written. */
function write(taking: Taking): void {
  if (taking.standings.some(({ results }) => results.some(({ figures }) => !figures))) {
    process.stderr.write('docs/benchmarks.md was not written: some cases have no figures.\n');
    return;
  }
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, page(suites, taking, existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''));
}

function listing(): string {
  const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name).join(', ');
  return suites
    .map((suite) => `${suite.name}\n  scenarios: ${names(suite.scenarios)}\n  peers: ${names(suite.peers)}\n`)
    .join('\n');
}

/** As somebody else types it; the newest versions are installed by a script of their own, which names the suite. */
function commandLine(args: readonly string[]): string {
  const isNewest = args[0] === '--suite' && args[1] === durableNewest.name;
  const rest = isNewest ? args.slice(2) : args;
  return [`npm run bench${isNewest ? ':newest' : ''}`, ...(rest.length > 0 ? ['--', ...rest] : [])].join(' ');
}

function tell(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
