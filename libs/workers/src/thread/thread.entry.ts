import 'reflect-metadata';
import { parentPort } from 'node:worker_threads';
import { live } from '../isolate/inside/live.js';
import { becomeIsolate } from '../isolate/role.js';
import { ThreadLink } from './thread.link.js';

becomeIsolate();
if (parentPort === null) throw new Error('This file is where a worker thread begins; it is started by inThread().');
live(new ThreadLink(parentPort));
