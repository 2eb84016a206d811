import { createServer } from 'node:net';

/** The demo is nobody's business but the machine's own. */
export const LOOPBACK = '127.0.0.1';
const MOST_TRIED = 50;

/** `asked`, or the next port that is free; 0 stays 0, which lets the system choose. */
export async function freePort(asked: number): Promise<number> {
  if (asked === 0) return 0;
  for (let port = asked; port < asked + MOST_TRIED && port <= 65_535; port++) if (await isFree(port)) return port;
  throw new Error(`No port is free from ${asked} on. Name another with --port, or --port 0 for any.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, LOOPBACK, () => probe.close(() => resolve(true)));
  });
}
