import type { Readable } from 'node:stream';

const KEPT = 4_096;
const OUT_OF_MEMORY = /^.*(?:heap out of memory|Reached heap limit|out of memory).*$/im;

/** What a child writes to its standard error goes on to ours; the end of it is kept, because there V8 says that its heap is full. */
export class StderrTail {
  private kept = '';

  constructor(stderr: Readable | null) {
    stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
      this.kept = (this.kept + chunk.toString('latin1')).slice(-KEPT);
    });
    stderr?.on('error', () => {});
  }

  get saysOutOfMemory(): boolean {
    return /FATAL ERROR/.test(this.kept) && OUT_OF_MEMORY.test(this.kept);
  }

  get lastLine(): string {
    return OUT_OF_MEMORY.exec(this.kept)?.[0].trim() ?? 'out of memory';
  }
}
