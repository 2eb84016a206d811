import pLimit from 'p-limit';
import type { Line, Setup } from '../line.js';
import { Room } from '../room.js';

export async function open({ handler, concurrency, buffer }: Setup): Promise<Line> {
  const room = new Room(buffer + concurrency);
  const limit = pLimit(concurrency);
  return {
    post: (job) => void limit(handler, job),
    put: (job) => {
      const waits = room.enter();
      void limit(handler, job).then(room.leave);
      return waits;
    },
    request: (job) => limit(handler, job),
  };
}
