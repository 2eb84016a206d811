/** One table for a whole suite: the leading figure of every peer in every scenario. */
import type { Standing } from '../round/rounds.js';
import type { Table } from './table.js';

export function summaryOf(standings: readonly Standing[]): Table {
  const { suite } = standings[0]!.heat;
  const peers = suite.peers.filter((peer) =>
    standings.some(({ results }) => results.some(({ entrant }) => entrant.peer === peer)),
  );
  const cell = ({ heat, results }: Standing, peer: string): string => {
    const result = results.find(({ entrant }) => entrant.peer.name === peer);
    if (!result) return '–';
    const { key, digits } = heat.scenario.measures[0];
    return result.figures ? result.figures[key]!.toFixed(digits) : 'failed';
  };
  return {
    title: suite.title,
    about: 'The leading figure of each scenario, less is better; the tables below tell each unit.',
    head: ['', ...peers.map(({ name }) => name)],
    rows: standings.map((standing) => [
      `${standing.heat.scenario.name} (${standing.heat.scenario.measures[0].title})`,
      ...peers.map(({ name }) => cell(standing, name)),
    ]),
    notes: [],
  };
}
