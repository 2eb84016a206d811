/** How values are read: numbers and booleans are themselves, all else is text. A lent pool's driver may have been taught other readings. */
export const PLAIN = {
  getTypeParser: (type: number): ((text: string) => unknown) => READINGS.get(type) ?? itself,
};
const itself = (text: string) => text;
const READINGS = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  ...[20, 21, 23, 700, 701].map((type) => [type, Number] as const),
]);
