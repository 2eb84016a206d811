import type { Screen, Terminal } from './command.js';

/** What ends a program from outside: Ctrl+C, a supervisor, a terminal that is closed. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The terminal of this process, or the pipes in its place. */
export function terminalOf(self: NodeJS.Process): Terminal {
  const { stdout, stderr } = self;
  // Whoever reads us may have had enough: `nestjs-workers outbox dead-letters | head`.
  stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') self.exitCode = 1;
  });
  return {
    say: (text) => void stdout.write(`${text}\n`),
    complain: (text) => void stderr.write(`${text}\n`),
    interruption: () => {
      const controller = new AbortController();
      // Once: who asks a second time does not want to wait.
      for (const ending of ENDINGS) self.once(ending, () => controller.abort());
      return controller.signal;
    },
    ...(stdout.isTTY && self.env['TERM'] !== 'dumb' ? { screen: screenOf(self) } : {}),
  };
}

function screenOf({ stdout, env }: NodeJS.Process): Screen {
  return {
    get columns() {
      return stdout.columns;
    },
    get rows() {
      return stdout.rows;
    },
    hasColours: (env['NO_COLOR'] ?? '') === '',
    draw: (text) => void stdout.write(text),
    onResize: (call) => {
      stdout.on('resize', call);
      return () => stdout.off('resize', call);
    },
  };
}
