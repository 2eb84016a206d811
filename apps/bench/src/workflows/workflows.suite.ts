/**
 * Decisions on a disk: what it costs to have an input decided, with an fsync for every commit.
 *
 * A peer of this suite opens accounts (`accounts.ts`) on a PostgreSQL of its own; a scenario pays into them.
 */
import { suite } from '../suite/suite.js';
import { decide } from './scenarios/decide.js';
import { longHistory } from './scenarios/long.history.js';
import { peers } from './workflows.peers.js';

export const workflows = suite({
  name: 'workflows',
  title: 'Workflows',
  about: `Each case has a database of its own on a server with default settings (fsync on), started for it or named by \`DATABASE_URL\`, and a pool of
ten connections. Effects are committed and not carried out. CPU is that of the client process.`,
  peers,
  sample: ['ours'],
  scenarios: [decide('running'), decide('new'), longHistory],
});
