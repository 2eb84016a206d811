import { randomBytes } from 'node:crypto';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SocketPathError } from './socket.errors.js';

/** What every private directory and every pipe of ours begins with. */
const PREFIX = 'nestjs-workers-';
const PIPES = '\\\\.\\pipe\\';
const SOCKET_NAME = 'isolate.sock';
/** Where a path is short enough when the temporary directory of the system is not. */
const SHORT_DIRECTORY = '/tmp';
const PIPE_SECRET_BYTES = 16;

/**
 * The longest path of a Unix domain socket, in bytes: `sun_path` holds 108 with the closing zero on Linux, 104 on macOS and the BSDs.
 */
export function longestPathBytes(platform: NodeJS.Platform = process.platform): number {
  return platform === 'linux' ? 107 : 103;
}

/**
 * A new path for the socket of one isolate.
 *
 * Promises: nobody else has it or can guess it. On Unix it lies alone in a new directory that only this user can enter (0700); that of
 * the system for temporary files when the path is short enough there, otherwise `/tmp`. On Windows it is the name of a pipe.
 *
 * @throws SocketPathError Both directories make it too long.
 */
export async function socketPath(platform = process.platform, directory = tmpdir()): Promise<string> {
  if (platform === 'win32') {
    return `${PIPES}${PREFIX}${process.pid}-${randomBytes(PIPE_SECRET_BYTES).toString('hex')}`;
  }
  const room = join(fits(directory, platform) ? directory : SHORT_DIRECTORY, PREFIX);
  return join(await mkdtemp(room), SOCKET_NAME);
}

/** Removes the private directory that `path` lies in. One that is not ours, holds more or is gone already is left as it is. */
export async function removePrivateDirectory(path: string): Promise<void> {
  const directory = dirname(path);
  if (basename(path) !== SOCKET_NAME || !basename(directory).startsWith(PREFIX)) return;
  await rmdir(directory).catch(() => {});
}

/** @throws SocketPathError No Unix domain socket can stand, or is allowed to stand, at `path`. */
export function checkUnixPath(path: string): void {
  if (path.startsWith('\0')) {
    throw new SocketPathError(
      path,
      'that is an abstract socket, which has no file permissions: any user of this machine could connect. Use a path in a private directory.',
    );
  }
  const bytes = Buffer.byteLength(path);
  if (bytes === 0 || path.includes('\0')) throw new SocketPathError(path, 'that is no path. Give it a file name.');
  if (bytes > longestPathBytes()) {
    throw new SocketPathError(
      path,
      `it has ${bytes} bytes and the system allows ${longestPathBytes()}. Use a shorter directory.`,
    );
  }
}

/** @throws SocketPathError No named pipe can have this name. */
export function checkPipePath(path: string): void {
  const name = path.slice(PIPES.length);
  if (path.startsWith(PIPES) && name !== '' && !name.includes('\\') && path.length <= 256) return;
  throw new SocketPathError(
    path,
    `a named pipe is called ${PIPES}<name>, 256 characters at most, with no backslash in its name.`,
  );
}

/** The six characters that mkdtemp adds are counted in. */
function fits(directory: string, platform: NodeJS.Platform): boolean {
  return Buffer.byteLength(join(directory, `${PREFIX}123456`, SOCKET_NAME)) <= longestPathBytes(platform);
}
