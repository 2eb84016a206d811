import 'reflect-metadata';
import { beginProcess, meetingPlace } from './begin.process.js';

const place = meetingPlace();
if (place === undefined) throw new Error('This file is where a child process begins; it is started by inProcess().');
// This file is an entry and never required, so it may wait.
// oxlint-disable-next-line node/no-top-level-await
await beginProcess(place);
