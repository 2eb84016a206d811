import { type Command, type Given, type Terminal, UsageError } from '@nestjs-workers/core/cli';
import { Endpoint } from './endpoint.js';
import { pictureOf } from './picture.js';
import { watch } from './watch.js';

/** Where no screen says how wide it is, nothing is left out. */
const PAPER = { columns: Infinity, hasColours: false };

/** What the workers of a running application do: live in a terminal, once where there is none. */
export const inspect: Command = {
  summary: 'Shows what the workers of a running application do, live.',
  words: '<url>',
  options: {
    once: { about: 'Shows it once. So it does where there is no terminal.' },
    json: { about: 'The snapshot as the API has it, once, as JSON.' },
    every: { value: 'ms', about: 'How often it is drawn anew, from 200 to 60000. Default: 1000.' },
    header: { value: 'name: value', about: 'Sent with each request, for your guards; may be given more than once.' },
  },
  notes:
    'The url is that of the admin controller, as http://localhost:3000/workers. Ctrl+C ends it.\n' +
    'A name and a password in it are sent as Basic authorization. Other users of the machine can read command lines.',
  run: async (given, terminal) => {
    const endpoint = endpointOf(given);
    const everyMs = paceOf(given);
    const { screen } = terminal;
    const interruption = terminal.interruption?.() ?? new AbortController().signal;
    if (screen !== undefined && !given.has('once') && !given.has('json'))
      return watch({ endpoint, everyMs, screen, interruption });
    return once(endpoint, given, terminal, interruption);
  },
};

async function once(endpoint: Endpoint, given: Given, { say, screen }: Terminal, signal: AbortSignal): Promise<number> {
  try {
    const snapshot = await endpoint.snapshot(signal);
    say(
      given.has('json')
        ? harmlessJson(JSON.stringify(snapshot, undefined, 2))
        : pictureOf(snapshot, undefined, screen ?? PAPER).join('\n'),
    );
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    throw error;
  }
}

/** The same JSON, without a character that a terminal would obey. What stands outside of its texts are the newlines that set it out. */
function harmlessJson(json: string): string {
  return json.replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function endpointOf(given: Given): Endpoint {
  const [url, ...more] = given.words;
  if (url === undefined || more.length > 0)
    throw new UsageError(`expected one url, as http://localhost:3000/workers, got ${given.words.length}.`);
  return Endpoint.at(url, given.texts('header'));
}

function paceOf(given: Given): number {
  const everyMs = given.count('every', 200, 1_000);
  if (everyMs <= 60_000) return everyMs;
  throw new UsageError(`--every: expected an integer from 200 to 60000, got ${everyMs}.`);
}
