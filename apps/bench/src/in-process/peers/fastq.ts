import fastq from 'fastq';
import { type Answer, answer, type Job, type Line, type Setup } from '../line.js';
import { Room } from '../room.js';

export async function open({ handler, concurrency, buffer }: Setup): Promise<Line> {
  const room = new Room(buffer + concurrency);
  const queue = fastq<unknown, Job, Answer>((job, done) => answer(handler(job), done), concurrency);
  return {
    post: (job) => queue.push(job),
    put: (job) => {
      queue.push(job, room.leave);
      return room.enter();
    },
    request: (job) =>
      new Promise((resolve, reject) =>
        queue.push(job, (error, reply) => (error ? reject(error) : resolve(reply as Answer))),
      ),
  };
}
