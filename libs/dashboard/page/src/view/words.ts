// Numbers as people read them. All of it is text; nothing here makes markup.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const brief = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const NONE = '–';

export function count(number: number): string {
  return number < 100_000 ? whole.format(number) : brief.format(number);
}

/** How often in a second. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '0/s';
  if (perSecond < 0.1) return '<0.1/s';
  return `${perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)}/s`;
}

export function duration(ms: number): string {
  if (Number.isNaN(ms)) return NONE;
  if (ms < 1) return ms === 0 ? '0 ms' : `${ms.toFixed(1)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return inTwo(ms, 60_000, 'min', 1_000, 's');
  if (ms < 86_400_000) return inTwo(ms, 3_600_000, 'h', 60_000, 'min');
  return inTwo(ms, 86_400_000, 'd', 3_600_000, 'h');
}

function inTwo(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

export function megabytes(mb: number): string {
  return mb < 1_024 ? `${whole.format(mb)} MB` : `${(mb / 1_024).toFixed(1)} GB`;
}

export function timeOfDay(at: number | string): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

export function dateAndTime(at: number | string): string {
  const date = new Date(at);
  return `${date.toLocaleDateString('en-CA')} ${date.toLocaleTimeString('en-GB')}`;
}

/** `input-drop` as `input drop`; codes are for programs. */
export function plain(code: string): string {
  return code.replaceAll(/[-_.]/g, ' ');
}

/** A payload as it may be read and changed. */
export function shownJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2) ?? '';
}

export function many(number: number, one: string, more = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : more}`;
}
