import PQueue from 'p-queue';
import type { Answer, Line, Setup } from '../line.js';

export async function open({ handler, concurrency, buffer }: Setup): Promise<Line> {
  const queue = new PQueue({ concurrency });
  return {
    post: (job) => void queue.add(() => handler(job)),
    put: (job) => {
      void queue.add(() => handler(job));
      return queue.size < buffer ? undefined : queue.onSizeLessThan(buffer);
    },
    request: (job) => queue.add(() => handler(job)) as Promise<Answer>,
  };
}
