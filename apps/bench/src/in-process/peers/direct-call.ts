import type { Line, Setup } from '../line.js';

/** No queue at all: the handler is called where the job was posted. Nothing can be cheaper. */
export async function open({ handler }: Setup): Promise<Line> {
  return {
    post: (job) => void handler(job),
    put: (job) => void handler(job),
    request: async (job) => handler(job),
  };
}
