#!/usr/bin/env node
import { offered } from './offered.js';
import { type Offers, program } from './program.js';
import { terminalOf } from './terminal.js';

/** Everything the program can do, each with the package that brings it. A package that has more to offer adds its line here. */
const OFFERS: Offers = {
  inspect: {
    summary: 'Shows what the workers of a running application do, live.',
    load: () => offered('@nestjs-workers/dashboard', 'inspect'),
  },
  outbox: {
    summary: 'Looks after the store of durable channels.',
    load: () => offered('@nestjs-workers/outbox', 'outbox'),
  },
  workflows: {
    summary: 'Shows workflows and their histories.',
    load: () => offered('@nestjs-workers/workflows', 'workflows'),
  },
};

void program(OFFERS, process.argv.slice(2), terminalOf(process)).then((code) => {
  process.exitCode ??= code;
});
