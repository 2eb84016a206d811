/**
 * A bar is what we owe in one scenario. It is printed beside the figure that it concerns and never asserted: on a shared
 * machine a test that fails by speed is a test that nobody believes.
 *
 * - `at-most`: our own figure, a number. - `at-most-times`: our figure over a peer's. - `times-less`: a peer's over ours.
 * - `times-the-rate`: the same, said of a rate.
 */
export type Bar = AtMost | AtMostTimes | TimesLess | TimesTheRate;

interface AtMost {
  readonly type: 'at-most';
  readonly measure: string;
  readonly limit: number;
}

interface AtMostTimes {
  readonly type: 'at-most-times';
  readonly measure: string;
  readonly peer: string;
  readonly times: number;
  /** Which of ours is held to it, where there are several. */
  readonly own?: string;
}

interface TimesLess {
  readonly type: 'times-less';
  readonly measure: string;
  readonly peer: string;
  readonly times: number;
}

interface TimesTheRate {
  readonly type: 'times-the-rate';
  readonly measure: string;
  readonly peer: string;
  readonly times: number;
  /** Which of ours is held to it, where there are several. */
  readonly own?: string;
}

/** A figure of one peer in the scenario at hand; undefined when it was not measured. */
export type Lookup = (peer: string, measure: string) => number | undefined;

/** The peer in whose row the bar is printed. */
export function rowOf(bar: Bar, ours: string): string {
  return bar.type === 'at-most' ? ours : bar.peer;
}

/** The bar and how we stand to it: `ours ≤ 1.1 ×: 0.98 × met`. Without figures the bar alone. */
export function verdict(bar: Bar, ours: string, figure: Lookup): string {
  const name = ('own' in bar ? bar.own : undefined) ?? ours;
  const own = figure(name, bar.measure);
  if (bar.type === 'at-most') return judged(`≤ ${bar.limit}`, own, (value) => value <= bar.limit, '');

  const other = figure(bar.peer, bar.measure);
  if (bar.type === 'at-most-times')
    return judged(`${name} ≤ ${bar.times} ×`, over(own, other), (value) => value <= bar.times, ' ×');
  const text = bar.type === 'times-less' ? `${name} ${bar.times} × less` : `${name} ≥ ${bar.times} × the rate`;
  return judged(text, over(other, own), (value) => value >= bar.times, ' ×');
}

function over(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined ? undefined : value / by;
}

function judged(text: string, value: number | undefined, isMet: (value: number) => boolean, unit: string): string {
  if (value === undefined) return text;
  const shown = value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return `${text}: ${shown}${unit} ${isMet(value) ? 'met' : 'MISSED'}`;
}
