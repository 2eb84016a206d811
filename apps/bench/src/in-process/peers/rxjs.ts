import { mergeMap, of, Subject } from 'rxjs';
import type { Answer, Job, Line, Setup } from '../line.js';

interface Call {
  readonly job: Job;
  readonly reply?: (answer: Answer) => void;
}

export async function open({ handler, concurrency }: Setup): Promise<Line> {
  const calls = new Subject<Call>();
  calls
    .pipe(
      mergeMap(({ job, reply }) => {
        const given = handler(job);
        if (!(given instanceof Promise)) return of(reply?.(given));
        return reply ? given.then(reply) : given;
      }, concurrency),
    )
    .subscribe();
  return {
    post: (job) => calls.next({ job }),
    put: (job) => calls.next({ job }),
    request: (job) => new Promise((reply) => calls.next({ job, reply })),
  };
}
