/** A line over time. A value that is not a number is a gap. */
export interface Line {
  readonly atMs: readonly number[];
  readonly values: readonly number[];
}

/** The part of the plane that is seen: a window of time, and values from 0 to `top`. */
export interface Frame {
  readonly fromMs: number;
  readonly toMs: number;
  readonly top: number;
}

export const WIDTH = 600;
export const HEIGHT = 120;

/** The next 1, 2 or 5 with zeros from `value` up; at least `least`. */
export function niceTop(value: number, least: number): number {
  const wanted = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 2, 5, 10].find((step) => step * power >= wanted * 0.999) ?? 10) * power;
}

export function largest(lines: readonly Line[]): number {
  let most = 0;
  for (const { values } of lines) for (const value of values) if (value > most) most = value;
  return most;
}

/** The line as a path; a value that stands alone between gaps is a dot. */
export function pathOf({ atMs, values }: Line, frame: Frame): string {
  let path = '';
  let isDown = false;
  for (const [nth, value] of values.entries()) {
    if (Number.isNaN(value)) {
      isDown = false;
      continue;
    }
    const place = `${round(xOf(atMs[nth] as number, frame))} ${round(yOf(value, frame))}`;
    path += isDown ? `L${place}` : `M${place}h0.01`;
    isDown = true;
  }
  return path;
}

/** The index of the value next to `share` of the width; -1 when there is none. */
export function nearestTo(share: number, { atMs }: Line, { fromMs, toMs }: Frame): number {
  const wanted = fromMs + share * (toMs - fromMs);
  let nearest = -1;
  for (const [nth, at] of atMs.entries())
    if (nearest < 0 || Math.abs(at - wanted) < Math.abs((atMs[nearest] as number) - wanted)) nearest = nth;
  return nearest;
}

function xOf(atMs: number, { fromMs, toMs }: Frame): number {
  return ((atMs - fromMs) / (toMs - fromMs)) * WIDTH;
}

function yOf(value: number, { top }: Frame): number {
  return HEIGHT - (Math.min(value, top) / top) * (HEIGHT - 2) - 1;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
