import 'reflect-metadata';
import { parentPort } from 'node:worker_threads';
import { beginThread } from './begin.thread.js';

if (parentPort === null) throw new Error('This file is where a worker thread begins; it is started by inThread().');
beginThread(parentPort);
