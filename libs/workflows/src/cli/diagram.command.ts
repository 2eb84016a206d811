import type { Command } from '@nestjs-workers/core/cli';
import { STORE_OPTIONS } from '@nestjs-workers/outbox/cli';
import { diagramOf, sequenceOf } from '../diagram/diagram.js';
import { walksOf } from '../diagram/walks.js';
import { CODE_OPTION, codeOf, wordsOf, withWorkflows } from './workflow.choice.js';

/** A Mermaid diagram of what instances have gone through. */
export const diagram: Command = {
  summary: 'Draws what instances have gone through, as a state diagram in Mermaid.',
  words: '<workflow>',
  options: {
    ...STORE_OPTIONS,
    ...CODE_OPTION,
    id: { value: 'id', about: 'Only this instance.' },
    instances: { value: 'n', about: 'How many of the latest are looked at. Default: 100.' },
  },
  notes: 'With --code the boxes are states; without it they are the events, one after the other.',
  run: async (given, { say }) => {
    const [workflow = ''] = wordsOf(given, 'workflow');
    const blueprint = await codeOf(given, workflow);
    const id = given.text('id');
    const options = { instances: given.count('instances', 1, 100), ...(id === undefined ? {} : { id }) };
    return withWorkflows(given, async (store) => {
      const walks = await walksOf(store, workflow, options);
      say(blueprint === undefined ? sequenceOf(walks) : diagramOf(blueprint, walks));
      return walks.length === 0 ? 1 : 0;
    });
  },
};
