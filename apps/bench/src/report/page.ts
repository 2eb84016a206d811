/** The page in docs: what was measured, on what, with what, how to have it again, and the tables. */
import type { Plan } from '../round/plan.js';
import type { Standing } from '../round/rounds.js';
import type { Peer } from '../suite/peer.js';
import { asMarkdown } from './drawing.js';
import { machine, versionOf } from './machine.js';
import { summaryOf } from './summary.js';
import { tableOf } from './table.js';

export function page(plan: Plan, standings: readonly Standing[], command: string): string {
  const suites = [...new Set(standings.map(({ heat }) => heat.suite))];
  const sections = suites.map((suite) => section(standings.filter(({ heat }) => heat.suite === suite)));
  return `${[preface(plan, standings, command), ...sections].join('\n\n')}\n`;
}

/** A suite: its summary, how its peers were used, then each heat. */
function section(standings: readonly Standing[]): string {
  const heats = standings.map((standing) => asMarkdown(tableOf(standing), 3));
  return [asMarkdown(summaryOf(standings), 2), ...remarks(standings), ...heats].join('\n\n');
}

function remarks(standings: readonly Standing[]): string[] {
  const said = peersOf(standings).filter(({ remark }) => remark);
  const lines = said.map(({ title, remark }) => `- **${title}**: ${remark}`);
  return lines.length > 0 ? [`How the peers are used:\n\n${lines.join('\n')}`] : [];
}

function peersOf(standings: readonly Standing[]): Peer[] {
  return [...new Set(standings.flatMap(({ heat }) => heat.entrants.map(({ peer }) => peer)))];
}

function preface(plan: Plan, standings: readonly Standing[], command: string): string {
  const { processor, system, node, load } = machine();
  const packages = [...new Set(peersOf(standings).flatMap((peer) => peer.packages))].toSorted();
  return `# Benchmarks

Written by the benchmarks themselves, not by hand; take it anew on your machine:

\`\`\`sh
${command}
\`\`\`

- Machine: ${processor}; ${system}; ${node}; NODE_ENV ${plan.environment};
  load average ${load} at the end (the bench alone makes 1 to 2)
- Versions: ${packages.map((name) => `${name} ${versionOf(name)}`).join(', ')}

One case is one process with a fresh heap: two passes of up to 100,000 items warm up, a collection, one timed pass. A timed pass
that would take more than about 3 seconds is given fewer items, and the table says so. Peers take turns over ${plan.rounds} round(s);
figures are medians. CPU is user and system time of the whole process, V8's helper threads with it: on a shared machine it is
the steadier figure. Ratios are made of the first figure of a table. Single figures move by a fifth from run to run: take ratios
under 1.3 as equal. A bar is what this library holds itself to; no test asserts it.`;
}
