import { aligned, type Command, harmless, timeOf } from '@nestjs-workers/core/cli';
import { STORE_OPTIONS } from '@nestjs-workers/outbox/cli';
import { wordsOf, withWorkflows } from './workflow.choice.js';

/** The events of one instance, as they lie in the store. */
export const history: Command = {
  summary: 'Shows the events of an instance, the oldest first.',
  words: '<workflow> <id>',
  options: {
    ...STORE_OPTIONS,
    after: { value: 'n', about: 'Only events after this one.' },
    limit: { value: 'n', about: 'At most so many. Default: 100.' },
    payloads: { about: 'Shows payloads too, as they lie in the store.' },
    json: { about: 'As a JSON array.' },
  },
  notes:
    'Payloads may hold what not everybody may see, so they are shown only when asked for. Exits with 1 when there is no such instance.',
  run: async (given, { say }) => {
    const [workflow = '', id = ''] = wordsOf(given, 'workflow', 'id');
    const page = { after: given.count('after', 0, 0), limit: given.count('limit', 1, 100) };
    return withWorkflows(given, async (store) => {
      const events = await store.history({ workflow, id }, page);
      const isOpen = given.has('payloads');
      if (given.has('json')) {
        const shown = events.map(({ payload, ...event }) => (isOpen ? { ...event, payload } : event));
        say(JSON.stringify(shown, undefined, 2));
      } else if (events.length > 0)
        say(
          aligned([
            ['event', 'at', 'input', 'type', ...(isOpen ? ['payload'] : [])],
            ...events.map(({ sequence, createdAtMs, input, type, payload }) =>
              [`${sequence}`, timeOf(createdAtMs), input ?? '-', type ?? '-', ...(isOpen ? [payload] : [])].map(
                harmless,
              ),
            ),
          ]).join('\n'),
        );
      if (events.length === 0 && page.after === 0) say(`Workflow "${workflow}" has no instance "${harmless(id)}".`);
      return events.length === 0 && page.after === 0 ? 1 : 0;
    });
  },
};
