import { lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { checkPipePath, checkUnixPath, removePrivateDirectory } from './socket.path.js';

/**
 * What a named socket is on this platform (seed 002). Two implementations: Unix domain sockets, and Windows named pipes.
 *
 * Neither says who may connect: that takes the token of `handshake.ts` too.
 */
export interface SocketAdapter {
  /**
   * A server that listens at `path` from now on; it says `listening` or `error`.
   * @throws SocketPathError
   */
  createServer(path: string): Server;
  /**
   * A socket that connects to `path` from now on; it says `connect` or `error`.
   * @throws SocketPathError
   */
  createClient(path: string): Socket;
  /** Removes what a server that is no more left behind. Nothing there is fine; what is not a socket stays. */
  cleanup(path: string): Promise<void>;
}

/** A file that only those may open who may enter its directory. */
export const unixSocketAdapter: SocketAdapter = {
  createServer(path) {
    checkUnixPath(path);
    return createServer().listen(path);
  },
  createClient(path) {
    checkUnixPath(path);
    return connect(path);
  },
  async cleanup(path) {
    checkUnixPath(path);
    const found = await lstat(path).catch(absent);
    if (found?.isSocket() === true) await unlink(path).catch(absent);
    await removePrivateDirectory(path);
  },
};

/** A name that is gone with the last handle to it, so there is nothing to clean up. */
export const namedPipeAdapter: SocketAdapter = {
  createServer(path) {
    checkPipePath(path);
    return createServer().listen(path);
  },
  createClient(path) {
    checkPipePath(path);
    return connect(path);
  },
  cleanup: () => Promise.resolve(),
};

export function socketAdapter(platform: NodeJS.Platform = process.platform): SocketAdapter {
  return platform === 'win32' ? namedPipeAdapter : unixSocketAdapter;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
