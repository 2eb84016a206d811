import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { live } from '../isolate/inside/live.js';
import { becomeIsolate } from '../isolate/role.js';
import { connect } from '../socket/connect.js';
import { Inlet } from '../socket/inlet.js';
import { Line, type LineOptions } from '../socket/line.js';
import { dieWithHost } from './host.watch.js';
import { JOURNAL_FD, JournalWriter } from './journal.js';
import { MEETING_FD, type MeetingPlace, PLACE_VARIABLE } from './meeting.js';
import { ProcessLink } from './process.link.js';

/** A Windows pipe is no file. */
const STRAIGHT = process.platform === 'win32' ? {} : { fd: MEETING_FD };

/** Where this process was told to meet its host; undefined when nobody told it, or when it was asked before. */
export function meetingPlace(): MeetingPlace | undefined {
  const told = process.env[PLACE_VARIABLE];
  // What this process starts is nobody's isolate.
  delete process.env[PLACE_VARIABLE];
  return told === undefined ? undefined : (JSON.parse(told) as MeetingPlace);
}

/**
 * Makes this process an isolate of the host that started it, and ends it with its host.
 *
 * @throws (rejects) ConnectTimeoutError, HandshakeError where they meet at a named socket
 */
export async function beginProcess({ hostPid, maxMessageBytes, hasJournal, named }: MeetingPlace): Promise<void> {
  becomeIsolate();
  // Ctrl+C and a service manager's SIGTERM reach the whole group of processes. What is here is drained by the host first.
  process.on('SIGINT', () => {});
  dieWithHost(hostPid);
  const options = { maxMessageBytes, ...(hasJournal ? { journal: new JournalWriter(JOURNAL_FD) } : {}) };
  const line = named === undefined ? inherited(options) : await connect({ ...named, ...options });
  // oxlint-disable-next-line unicorn/no-process-exit -- this process is the isolate, and lives for nothing else
  const link = new ProcessLink(line, (code) => process.exit(code));
  process.on('SIGTERM', () => link.isDismissed && process.exit(0));
  live(link);
}

function inherited(options: LineOptions): Line {
  const inlet = new Inlet();
  const reading: SocketConstructorOpts & ConnectOpts = { readable: true, writable: true, onread: inlet.onread };
  const socket = new Socket({ fd: MEETING_FD, ...reading });
  return new Line(socket, { ...options, ...STRAIGHT, inlet });
}
