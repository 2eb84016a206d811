/**
 * The page in docs: what the figures mean, then for each suite its tables, what they were taken on, with what, and how to have
 * them again. A suite that was not measured this time keeps the section that it has.
 */
import type { Plan } from '../round/plan.js';
import type { Standing } from '../round/rounds.js';
import type { Peer } from '../suite/peer.js';
import type { Suite } from '../suite/suite.js';
import { asMarkdown } from './drawing.js';
import { machine, versionOf } from './machine.js';
import { summaryOf } from './summary.js';
import { tableOf } from './table.js';

export interface Taking {
  readonly plan: Plan;
  readonly standings: readonly Standing[];
  readonly command: string;
}

/** `former` is the page as it stands, and empty when there is none. */
export function page(suites: readonly Suite[], taking: Taking, former: string): string {
  const kept = sectionsOf(former);
  const sections = suites.flatMap((suite) => {
    const own = taking.standings.filter(({ heat }) => heat.suite === suite);
    return own.length > 0 ? section(suite, { ...taking, standings: own }) : (kept.get(suite.title) ?? []);
  });
  return `${[PREFACE, ...sections].join('\n\n')}\n`;
}

/** A page's sections by their titles. */
function sectionsOf(text: string): ReadonlyMap<string, string> {
  const [, ...sections] = text.split(/^## /m);
  return new Map(sections.map((one) => [one.slice(0, one.indexOf('\n')), `## ${one.trimEnd()}`]));
}

/** A suite: its summary, how it was taken, how its peers were used, then each heat. */
function section(suite: Suite, taking: Taking): string {
  const { standings } = taking;
  const peers = [...new Set(standings.flatMap(({ heat }) => heat.entrants.map(({ peer }) => peer)))];
  return [
    asMarkdown(summaryOf(standings), 2),
    circumstances(peers, taking),
    ...(suite.about === undefined ? [] : [suite.about]),
    ...remarks(peers),
    ...standings.map((standing) => asMarkdown(tableOf(standing), 3)),
  ].join('\n\n');
}

function circumstances(peers: readonly Peer[], { plan, command }: Taking): string {
  const { processor, system, node, load } = machine();
  const packages = [...new Set(peers.flatMap((peer) => peer.packages))].toSorted();
  return `- Taken by \`${command}\`, medians of ${plan.rounds} round(s)
- Machine: ${processor}; ${system}; ${node}; NODE_ENV ${plan.environment};
  load average ${load} at the end (the bench alone makes 1 to 2)
- Versions: ${packages.map((name) => `${name} ${versionOf(name)}`).join(', ')}`;
}

function remarks(peers: readonly Peer[]): string[] {
  const lines = peers
    .filter(({ remark }) => remark)
    .map(({ title, remark }) => `- **${title.replaceAll('**', '')}**: ${remark}`);
  return lines.length > 0 ? [`How the peers are used:\n\n${lines.join('\n')}`] : [];
}

const PREFACE = `# Benchmarks

Written by the benchmarks themselves, not by hand; take it anew on your machine, all of it or one suite:

\`\`\`sh
npm run bench -- --rounds 1 --write
npm run bench -- --rounds 1 --write --suite threads
\`\`\`

One case is one process with a fresh heap: two passes of up to 100,000 items warm up, a collection, one timed pass. A timed pass
that would take more than about 3 seconds is given fewer items, and the table says so. Peers take turns, and each round begins with
another of them. CPU is user and system time of the whole process, V8's helper threads with it: on a shared machine it is the
steadier figure. Ratios are made of the first figure of a table. Single figures move by a fifth from run to run: take ratios under
1.3 as equal. A bar is what this library holds itself to; no test asserts it.`;
