import { Effect, Queue } from 'effect';
import type { Answer, Job, Line, Setup } from '../line.js';

interface Call {
  readonly job: Job;
  readonly reply?: (answer: Answer) => void;
}

/** A bounded queue and one fibre per handler. The producer is plain TypeScript and enters an effect only when it must wait. */
export async function open({ handler, concurrency, buffer }: Setup): Promise<Line> {
  const calls = await Effect.runPromise(Queue.bounded<Call>(buffer));
  const serve = Effect.flatMap(Queue.take(calls), ({ job, reply }) => {
    const given = handler(job);
    if (given instanceof Promise) return Effect.promise<unknown>(() => (reply ? given.then(reply) : given));
    reply?.(given);
    return Effect.void;
  });
  for (let fibre = 0; fibre < concurrency; fibre++) Effect.runFork(Effect.forever(serve));
  const offer = (call: Call) => Queue.offerUnsafe(calls, call);
  return {
    post: (job) => void offer({ job }),
    put: (job) => (offer({ job }) ? undefined : Effect.runPromise(Queue.offer(calls, { job }))),
    request: (job) => new Promise((reply) => offer({ job, reply })),
  };
}
