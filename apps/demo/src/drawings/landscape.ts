import { mixed, type Palette } from './palette.js';
import { between, type Random } from './random.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

const RIDGES = 5;
const POINTS_PER_RIDGE = 48;

/** A landscape as an SVG: sky, stars, a sun or a moon, and ridges that darken towards the viewer. */
export function landscape({ width, height }: Size, palette: Palette, random: Random): string {
  const horizon = height * between(random, 0.45, 0.62);
  const ridges = Array.from({ length: RIDGES }, (_, nth) => {
    const nearness = nth / (RIDGES - 1);
    const top = horizon + (height - horizon) * nearness * 0.8;
    return ridge(
      { width, height },
      top,
      height * (0.05 + 0.07 * nearness),
      mixed(palette.far, palette.near, nearness),
      random,
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <linearGradient id="sky" x1="0" y1="0" x2="0" y2="${(horizon / height).toFixed(2)}">
        <stop offset="0" stop-color="${palette.sky[0]}"/>
        <stop offset="0.6" stop-color="${palette.sky[1]}"/>
        <stop offset="1" stop-color="${palette.sky[2]}"/>
      </linearGradient>
      <radialGradient id="glow">
        <stop offset="0" stop-color="${palette.sun}" stop-opacity="0.7"/>
        <stop offset="0.35" stop-color="${palette.sun}" stop-opacity="0.25"/>
        <stop offset="1" stop-color="${palette.sun}" stop-opacity="0"/>
      </radialGradient>
    </defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    ${palette.hasStars ? stars(width, horizon, random) : ''}
    ${sun({ width, height }, horizon, palette, random)}
    ${ridges.join('\n    ')}
  </svg>`;
}

function stars(width: number, horizon: number, random: Random): string {
  const star = (): string => {
    const [x, y] = [random() * width, random() ** 1.6 * horizon];
    return `<circle cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" r="${between(random, 0.6, 2.4).toFixed(1)}" fill="#fff" fill-opacity="${between(random, 0.3, 0.95).toFixed(2)}"/>`;
  };
  return Array.from({ length: 120 }, star).join('');
}

function sun({ width, height }: Size, horizon: number, palette: Palette, random: Random): string {
  const [x, y] = [width * between(random, 0.2, 0.8), horizon * between(random, 0.3, 0.85)];
  const radius = Math.min(width, height) * between(random, 0.04, 0.08);
  return (
    `<circle cx="${x}" cy="${y}" r="${radius * 6}" fill="url(#glow)"/>` +
    `<circle cx="${x}" cy="${y}" r="${radius}" fill="${palette.sun}"/>`
  );
}

/** A ridge is three waves of falling length and height, one upon the other. */
function ridge({ width, height }: Size, top: number, swing: number, colour: string, random: Random): string {
  const waves = [1, 2.7, 7.3].map((pace) => ({
    pace: pace * between(random, 0.8, 1.3),
    phase: random() * Math.PI * 2,
    swing: swing / pace ** 0.8,
  }));
  const points = Array.from({ length: POINTS_PER_RIDGE + 1 }, (_, nth) => {
    const share = nth / POINTS_PER_RIDGE;
    const rise = waves.reduce(
      (sum, wave) => sum + Math.sin(share * wave.pace * Math.PI * 2 + wave.phase) * wave.swing,
      0,
    );
    return `${(share * width).toFixed(0)},${(top - rise).toFixed(0)}`;
  });
  return `<polygon points="0,${height} ${points.join(' ')} ${width},${height}" fill="${colour}"/>`;
}
