import type { Scenario } from '../../suite/scenario.js';
import { perMessage, timedAsking } from '../asking.js';
import type { OpenCrew, Setup } from '../crew.js';
import { bytes, MEGABYTE, text } from '../payloads.js';
import { type Framing, of, who } from './small.js';

/** A text of 1 MB, which is measured where it arrives. */
export function largeText(framing: Framing): Scenario<OpenCrew> {
  return large(framing, {
    name: 'text-1mb',
    title: '1 MB of text',
    sends: 'the same text of 1 MB each time, its length back',
    items: 5_000,
    needs: ['large'],
    isHandingOver: false,
    payload: () => {
      const sent = text();
      return () => sent;
    },
  });
}

/** A buffer of 1 MB that is copied on its way. */
export function largeBytes(framing: Framing): Scenario<OpenCrew> {
  return large(framing, {
    name: 'bytes-1mb',
    title: '1 MB of bytes, copied',
    sends: 'the same Uint8Array of 1 MB each time, its length back',
    items: 10_000,
    needs: ['large', 'bytes'],
    isHandingOver: false,
    payload: () => {
      const sent = bytes();
      return () => sent;
    },
  });
}

/** A buffer of 1 MB that changes hands; whoever sends needs a new one each time, and that is in the figure. */
export function transferredBytes(framing: Framing): Scenario<OpenCrew> {
  return large(framing, {
    name: 'bytes-1mb-transfer',
    title: '1 MB of bytes, handed over',
    sends: 'a fresh Uint8Array of 1 MB each time, transferred, its length back',
    items: 20_000,
    needs: ['large', 'transfer'],
    isHandingOver: true,
    payload: () => () => new Uint8Array(MEGABYTE),
  });
}

interface Freight {
  readonly name: string;
  readonly title: string;
  readonly sends: string;
  readonly items: number;
  readonly needs: readonly string[];
  readonly isHandingOver: Setup['isHandingOver'];
  readonly payload: () => () => unknown;
}

function large({ callers, isolates, frames, bars = [] }: Framing, freight: Freight): Scenario<OpenCrew> {
  const { name, title, sends, items, needs, isHandingOver } = freight;
  return {
    name,
    title: `${title}, ${callers} callers`,
    about: `${who(callers)}; ${sends}, ${of(isolates)}.`,
    items,
    needs,
    measures: perMessage,
    frames,
    bars,
    async play(open, items) {
      const crew = await open({ task: 'measure', isolates, isHandingOver });
      const payload = freight.payload();
      const figures = await timedAsking(crew, { callers, payload, isAnswer: (answer) => answer === MEGABYTE }, items);
      await crew.close();
      return figures;
    },
  };
}
