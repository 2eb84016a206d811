import { queue as asyncQueue } from 'async';
import { type Answer, answer, type Job, type Line, type Setup } from '../line.js';
import { Room } from '../room.js';

export async function open({ handler, concurrency, buffer }: Setup): Promise<Line> {
  const room = new Room(buffer + concurrency);
  const queue = asyncQueue<Job, Answer, Error>((job, done) => answer(handler(job), done), concurrency);
  const ignore = () => undefined;
  return {
    post: (job) => queue.push(job, ignore),
    put: (job) => {
      queue.push(job, room.leave);
      return room.enter();
    },
    request: (job) =>
      new Promise((resolve, reject) =>
        queue.push<Answer>(job, (error, reply) => (error ? reject(error) : resolve(reply as Answer))),
      ),
  };
}
