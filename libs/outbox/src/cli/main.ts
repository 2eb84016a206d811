#!/usr/bin/env node
import { groupOf } from './group.of.js';
import { type Groups, program } from './program.js';

/** Everything the program can do. A package that has more to offer adds its line here. */
const GROUPS: Groups = {
  outbox: {
    summary: 'Looks after the store of durable channels.',
    load: async () => (await import('./outbox.group.js')).outbox,
  },
  workflows: {
    summary: 'Shows workflows and their histories.',
    load: () => groupOf('@nestjs-workers/workflows', 'workflows'),
  },
};

// Whoever reads us may have had enough: `nestjs-workers outbox dead-letters | head`.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') process.exitCode = 1;
});

void program(GROUPS, process.argv.slice(2), {
  say: (text) => void process.stdout.write(`${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
}).then((code) => {
  process.exitCode ??= code;
});
