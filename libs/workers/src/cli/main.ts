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

// That a part of Node is experimental (node:sqlite in Node 22) is nothing to tell to who calls a program.
const told = process.listeners('warning');
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') for (const tell of told) tell.call(process, warning);
});

void program(OFFERS, process.argv.slice(2), terminalOf(process)).then((code) => {
  process.exitCode ??= code;
});
