import 'reflect-metadata';
import { Socket } from 'node:net';
import { live } from '../isolate/inside/live.js';
import { becomeIsolate } from '../isolate/role.js';
import { connect } from '../socket/connect.js';
import { Line } from '../socket/line.js';
import { dieWithHost } from './host.watch.js';
import { MEETING_FD, type MeetingPlace, PLACE_VARIABLE } from './meeting.js';
import { ProcessLink } from './process.link.js';

becomeIsolate();
// Ctrl+C and a service manager's SIGTERM reach the whole group of processes. What is here is drained by the host first.
process.on('SIGINT', () => {});

const place = JSON.parse(process.env[PLACE_VARIABLE] ?? 'null') as MeetingPlace | null;
/** A Windows pipe is no file. */
const STRAIGHT = process.platform === 'win32' ? {} : { fd: MEETING_FD };
delete process.env[PLACE_VARIABLE];
if (place === null) throw new Error('This file is where a child process begins; it is started by inProcess().');

dieWithHost(place.hostPid);
const { maxMessageBytes } = place;
// This file is an entry and never required, so it may wait.
// oxlint-disable-next-line node/no-top-level-await
const line = await (place.named === undefined
  ? new Line(new Socket({ fd: MEETING_FD, readable: true, writable: true }), { maxMessageBytes, ...STRAIGHT })
  : connect({ ...place.named, maxMessageBytes }));
const link = new ProcessLink(line, (code) => process.exit(code));
process.on('SIGTERM', () => link.isDismissed && process.exit(0));
live(link);
