import type { Reply, Request } from '../../isolates/pending.js';
import { echo, measure, spin, type TaskName } from '../../isolates/tasks.js';

const task = { echo, spin, measure }[process.argv[2] as TaskName];
process.on('message', ({ id, payload }: Request) => {
  process.send!({ id, answer: task(payload) } satisfies Reply);
});
