/** The colours of one hour of the day. */
export interface Palette {
  readonly hour: string;
  /** The sky, from the zenith down to the horizon. */
  readonly sky: readonly [string, string, string];
  readonly sun: string;
  /** The farthest ridge and the nearest; those between are mixed. */
  readonly far: string;
  readonly near: string;
  readonly hasStars: boolean;
}

const PALETTES = [
  {
    hour: 'dawn',
    sky: ['#5b6ea8', '#e8a0a0', '#fbe3c0'],
    sun: '#fff3d6',
    far: '#c99aa6',
    near: '#2e2a4a',
    hasStars: false,
  },
  {
    hour: 'morning',
    sky: ['#3f86c6', '#9fcbe8', '#f3ead3'],
    sun: '#fffbe8',
    far: '#a9c3c9',
    near: '#1f4a4f',
    hasStars: false,
  },
  {
    hour: 'noon',
    sky: ['#1f6fb5', '#74b6e3', '#dff1f5'],
    sun: '#ffffff',
    far: '#9dc1c0',
    near: '#2f5d3a',
    hasStars: false,
  },
  {
    hour: 'mist',
    sky: ['#8fa3a8', '#c2cfcd', '#eef0e6'],
    sun: '#fdfdf4',
    far: '#c3d0cc',
    near: '#3c5257',
    hasStars: false,
  },
  {
    hour: 'autumn',
    sky: ['#7a5a8c', '#e89b6a', '#fbd38d'],
    sun: '#fff0c2',
    far: '#d99a6c',
    near: '#5a1f1f',
    hasStars: false,
  },
  {
    hour: 'sunset',
    sky: ['#2b2a5a', '#c4476a', '#ffb35c'],
    sun: '#ffe9a8',
    far: '#b5506b',
    near: '#22122e',
    hasStars: false,
  },
  {
    hour: 'dusk',
    sky: ['#1a1f4a', '#6a4a8c', '#e08aa0'],
    sun: '#fbe0e8',
    far: '#6f5590',
    near: '#141230',
    hasStars: true,
  },
  {
    hour: 'night',
    sky: ['#050a1f', '#12264d', '#2f5578'],
    sun: '#eef4ff',
    far: '#2c4a6b',
    near: '#050b18',
    hasStars: true,
  },
] as const satisfies readonly Palette[];

/** The hours follow one another as the seeds do. */
export function paletteOf(seed: number): Palette {
  return PALETTES[seed % PALETTES.length] as Palette;
}

/** `share` of the way from one colour to the other; both as `#rrggbb`. */
export function mixed(from: string, to: string, share: number): string {
  const channel = (at: number): string => {
    const [low, high] = [from, to].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number];
    return Math.round(low + (high - low) * share)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}
