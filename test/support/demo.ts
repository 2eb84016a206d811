import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { onTestFailed } from 'vitest';

const MAIN = fileURLToPath(new URL('../../apps/demo/dist/main.js', import.meta.url));
/** For one run, on a machine that does other things as well. */
export const RUN_LIMIT_MS = 60_000;

/** The compiled demo as a process of its own, without a terminal. */
export class Demo {
  private static readonly running = new Set<Demo>();

  /** For after each test: what it started and did not wait for. */
  static async killAll(): Promise<void> {
    await Promise.all([...Demo.running].map((demo) => demo.kill()));
  }

  readonly child: ChildProcess;
  said = '';
  private readonly exited: Promise<unknown>;

  /**
   * @param given environment variables; what is set here of those that it reads does not reach it
   * @param execArgv arguments for Node itself
   */
  constructor(args: readonly string[], given: NodeJS.ProcessEnv = {}, execArgv: readonly string[] = []) {
    const { PORT: _, DATABASE_URL: __, ...rest } = process.env;
    const env = { ...rest, ...given };
    this.child = spawn(process.execPath, [...execArgv, MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
        this.child.emit('said');
      });
    }
    this.exited = once(this.child, 'close');
    onTestFailed(() => console.error(this.said));
    Demo.running.add(this);
  }

  /** Waits until what it said matches. */
  async says(wanted: RegExp, limitMs: number): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(limitMs);
    for (;;) {
      const found = wanted.exec(this.said);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`It ended before it said ${String(wanted)}:\n${this.said}`);
      await Promise.race([once(this.child, 'said', { signal }), this.exited]);
    }
  }

  async exitCode(limitMs: number): Promise<number | null> {
    const late = AbortSignal.timeout(limitMs);
    await Promise.race([this.exited, once(late, 'abort')]);
    if (late.aborted) throw new Error(`It still ran after ${limitMs} ms:\n${this.said}`);
    Demo.running.delete(this);
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    Demo.running.delete(this);
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** Noise does not compress to nothing, so that half of its bytes are half of the picture. */
export function picture(): Promise<Buffer> {
  const background = { r: 200, g: 120, b: 40 };
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width: 900, height: 600, channels: 3, background, noise } })
    .jpeg()
    .toBuffer();
}
