import { fork, type SerializationType } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OpenCrew } from '../../isolates/crew.js';
import { inTurn, Pending, type Reply, type Request } from '../../isolates/pending.js';
import { ended } from './ended.js';

const ENTRY = fileURLToPath(new URL('./fork.entry.js', import.meta.url));

/** Numbered messages over Node's own channel; as many under way as there are callers. No error ever comes back. */
export function forkWith(serialization: SerializationType): OpenCrew {
  return async ({ task, isolates }) => {
    const pending = new Pending();
    const children = Array.from({ length: isolates }, () => fork(ENTRY, [task], { serialization }));
    for (const child of children) child.on('message', (reply) => pending.settle(reply as Reply));
    const next = inTurn(children);
    return {
      request: (payload) => pending.ask((id) => next().send({ id, payload } satisfies Request)),
      close: () => Promise.all(children.map(ended)),
    };
  };
}
