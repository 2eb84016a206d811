import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../lifecycle/clock.js';
import { Admission } from '../socket/admission.js';
import { Line } from '../socket/line.js';
import { type SocketAdapter, socketAdapter } from '../socket/socket.adapter.js';
import { socketPath } from '../socket/socket.path.js';
import { newToken } from '../socket/token.js';

/** The descriptor at which a child finds its end of the socket pair. */
export const MEETING_FD = 3;

/** The environment variable in which a child is told where it meets its host. */
export const PLACE_VARIABLE = 'NESTJS_WORKERS_MEETING';

/** Where the line to a child comes from: the inherited end of a socket pair, or a named socket that it connects to. */
export interface Meeting {
  /** Resolves with the accepted line; rejects when nobody came. */
  readonly line: Promise<Line>;
  /** Removes what was there for meeting. */
  close(): Promise<void>;
}

/** Where a child meets its host: at the inherited descriptor, or at a named socket. */
export interface MeetingPlace {
  readonly hostPid: number;
  readonly maxMessageBytes: number;
  readonly hasJournal: boolean;
  readonly named?: { readonly path: string; readonly token: string; readonly timeoutMs: number };
}

/** At the inherited end of a socket pair: no path, no permissions, and an end that each side sees when the other dies. */
export function inheritedMeeting(child: ChildProcess, maxMessageBytes: number): Meeting {
  // Where descriptors run out, there is no list of them either.
  const socket = (child.stdio as ChildProcess['stdio'] | undefined)?.[MEETING_FD] as Duplex | null | undefined;
  const line =
    socket === null || socket === undefined
      ? Promise.reject<Line>(new Error('The child was not started'))
      : Promise.resolve(new Line(socket, { maxMessageBytes }));
  return { line, close: () => Promise.resolve() };
}

/** What a named socket is made with. */
export interface NamedOptions {
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  /** Where it stands. @default a new path in a private directory */
  readonly path?: string;
  /** @default a new one */
  readonly token?: string;
  readonly adapter?: SocketAdapter;
}

/** A named socket that is open, and the place to come to. */
export interface NamedMeeting extends Meeting {
  readonly path: string;
  readonly token: string;
}

/**
 * A named socket (a Windows pipe) at which one isolate is awaited, and accepted by its token. Who comes with a wrong one, or with none, is
 * turned away and harms nobody.
 *
 * @throws (rejects) SocketPathError, or what the system says when nobody can listen there
 */
export async function namedMeeting({
  timeoutMs,
  maxMessageBytes,
  clock,
  ...place
}: NamedOptions): Promise<NamedMeeting> {
  const { adapter = socketAdapter(), path = await socketPath(), token = newToken() } = place;
  // What a host that was killed left at a path of the user's; our own are new.
  if (place.path !== undefined) await adapter.cleanup(path);
  const server = adapter.createServer(path);
  await once(server, 'listening');
  server.on('error', () => {});
  let arrive: (line: Line) => void = () => {};
  const line = new Promise<Line>((resolve) => (arrive = resolve));
  const admission = new Admission({
    token,
    timeoutMs,
    maxMessageBytes,
    clock,
    onAccepted: (accepted) => arrive(accepted),
    onRefused: () => {},
  });
  server.on('connection', (socket) => admission.receive(socket));
  const close = async (): Promise<void> => {
    admission.close();
    server.close();
    await adapter.cleanup(path);
  };
  return { path, token, line, close };
}
