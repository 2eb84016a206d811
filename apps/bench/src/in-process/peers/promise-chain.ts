import type { Line, Setup } from '../line.js';

/**
 * A queue made of nothing but promises: as many chains as there may be handlers, each job behind the one before it. A request
 * waits for no other: it is the shortest chain there is, one `then`.
 */
export async function open({ handler, concurrency }: Setup): Promise<Line> {
  const chains: Promise<unknown>[] = Array.from({ length: concurrency }, () => Promise.resolve());
  let next = 0;
  const post = (job: Parameters<typeof handler>[0]) => {
    chains[next] = chains[next]!.then(() => handler(job));
    next = (next + 1) % concurrency;
  };
  return { post, put: post, request: (job) => Promise.resolve(job).then(handler) };
}
