/** Runs one case in a child process and brings back its verdict. What the child inherits is the same on every machine. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Case, Environment, Verdict } from './case.js';

const ENTRY = fileURLToPath(new URL('./case.entry.js', import.meta.url));
const NODE_FLAGS = ['--expose-gc', '--max-old-space-size=4096'];
const DEADLINE_MS = 120_000;
const REASON_LENGTH = 400;

export async function run(the: Case, environment: Environment): Promise<Verdict> {
  const child = fork(ENTRY, [JSON.stringify(the)], {
    execArgv: NODE_FLAGS,
    env: { ...process.env, NODE_ENV: environment, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const began = performance.now();
  let verdict: Verdict | undefined;
  let complaint = '';
  child.once('message', (message) => (verdict = message as Verdict));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-8_000)));

  const ending = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ? `killed by ${signal}` : `ended with code ${code}`));
  });
  const isLate = performance.now() - began >= DEADLINE_MS;
  const reason = isLate ? `not done after ${DEADLINE_MS / 1_000} s` : `${ending}, ${lastWords(complaint)}`;
  return verdict ?? { type: 'failed', reason };
}

/** The error line of a stack when there is one, else the end of what was said. */
function lastWords(complaint: string): string {
  const lines = complaint.split('\n').filter((line) => line.trim() !== '');
  const error = lines.findLast((line) => /^\S*(Error|FATAL)/.test(line));
  return (error ?? lines.slice(-3).join(' ')).slice(0, REASON_LENGTH) || 'it said nothing';
}
