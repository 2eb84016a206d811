import type { Peer } from '../suite/peer.js';
import type { OpenAccounts } from './accounts.js';

/** Ours, and the transaction that somebody would write by hand instead. */
export const peers: readonly Peer<OpenAccounts>[] = [
  {
    name: 'ours',
    title: '**nestjs-workers**, PostgreSQL',
    kind: 'ours',
    packages: ['pg'],
    remark: '`Workflows.execute`, as it comes: load, replay, decide, commit',
    load: async () => (await import('./peers/ours.js')).open,
  },
  {
    name: 'hand-written',
    title: 'hand-written SQL',
    kind: 'frame',
    packages: ['pg'],
    lacks: { history: 'it keeps its state beside the events and never replays them' },
    remark: 'one transaction with prepared statements: lock and read the account, write event, state and job',
    load: async () => (await import('./peers/hand.written.js')).open,
  },
];
