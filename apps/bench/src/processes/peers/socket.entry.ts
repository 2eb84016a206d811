import { connect } from 'node:net';
import type { Reply, Request } from '../../isolates/pending.js';
import { echo, measure, spin, type TaskName } from '../../isolates/tasks.js';
import { eachLine, writeLine } from './lines.js';

const [path, name] = process.argv.slice(2);
const task = { echo, spin, measure }[name as TaskName];
const socket = connect(path!);
eachLine(socket, (request) => {
  const { id, payload } = request as Request;
  writeLine(socket, { id, answer: task(payload) } satisfies Reply);
});
