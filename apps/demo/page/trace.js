const POINTS = 240;
const SVG = 'http://www.w3.org/2000/svg';

/** How full a channel was lately, as a small curve; the newest is on the right. Gives the curve, and what adds a level from 0 to 1. */
export function traceView() {
  const levels = Array.from({ length: POINTS }, () => 0);
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  svg.setAttribute('class', 'trace');
  svg.setAttribute('viewBox', `0 0 ${POINTS - 1} 1`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(path);
  const add = (level) => {
    levels.push(level);
    levels.shift();
    const line = levels.map((level, x) => `${x} ${(1.03 - level * 0.97).toFixed(3)}`).join('L');
    path.setAttribute('d', `M-2 2L-2 1L${line}L${POINTS + 1} 2Z`);
  };
  return [svg, add];
}
