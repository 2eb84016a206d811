import fastq from 'fastq';
import type { Answer, Job, Line, Setup } from '../line.js';
import { Room } from '../room.js';

export async function open({ handler, concurrency, buffer }: Setup): Promise<Line> {
  const room = new Room(buffer + concurrency);
  const queue = fastq.promise<unknown, Job, Answer>(async (job) => handler(job), concurrency);
  return {
    post: (job) => void queue.push(job),
    put: (job) => {
      const waits = room.enter();
      void queue.push(job).then(room.leave);
      return waits;
    },
    request: (job) => queue.push(job),
  };
}
