import { type Card, type Link, type Part, partsOf } from './parts.js';

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface Way {
  /** The path of a line. */
  readonly path: string;
  /** The middle of its label; a rail has no room for one. */
  readonly label: Spot | undefined;
}

/** Where everything lies, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, Place>;
  readonly ways: ReadonlyMap<string, Way>;
}

export interface Sizes {
  /** A card is at least as wide; the cards share what is left over. */
  readonly leastWidth: number;
  /** Between two layers; the labels of links stand there. */
  readonly between: number;
  readonly gap: number;
}

const LANE = 11;
const BEND = 7;

/** Columns of one width, with room for links between them. */
interface Grid {
  readonly columns: number;
  readonly cardWidth: number;
  readonly step: number;
  readonly gap: number;
}

interface Block {
  /** How many it takes. */
  readonly columns: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, Place>;
  readonly ways: ReadonlyMap<string, Way>;
}

/**
 * Lays out a graph in a given width, on a grid. Parts are laid side by side where there is room; a part with more layers than there are columns
 * stands as a list with its links as rails beside it, so that nothing ever has to be scrolled sideways.
 */
export function layoutOf(cards: readonly Card[], links: readonly Link[], available: number, sizes: Sizes): Layout {
  const grid = gridOf(available, links.length > 0 ? sizes.between : sizes.gap, sizes);
  const parts = partsOf(cards, links);
  const blocks = parts.map((part) => (part.layers.length <= grid.columns ? inLayers(part, grid) : asList(part, grid)));
  // What belongs together comes first; what stands alone fills up.
  const sorted = blocks.toSorted(
    (one, other) => other.columns - one.columns || (one.ways.size > 0 ? 0 : 1) - (other.ways.size > 0 ? 0 : 1),
  );
  return packed(sorted, available, grid);
}

function gridOf(available: number, between: number, { leastWidth, gap }: Sizes): Grid {
  const columns = Math.max(1, Math.floor((available + between) / (leastWidth + between)));
  const step = (available + between) / columns;
  return { columns, step, cardWidth: Math.floor(step - between), gap };
}

/** Each block where it comes to stand highest. */
function packed(blocks: readonly Block[], width: number, { columns, step, gap }: Grid): Layout {
  const [places, ways] = [new Map<string, Place>(), new Map<string, Way>()];
  const depths = Array.from({ length: columns }, () => 0);
  for (const block of blocks) {
    const [column, y] = highest(depths, block.columns);
    const x = Math.round(column * step);
    for (const [key, place] of block.places) places.set(key, { ...place, x: place.x + x, y: place.y + y });
    for (const [key, way] of block.ways) ways.set(key, moved(way, x, y));
    depths.fill(y + block.height + gap, column, column + block.columns);
  }
  return { width, height: Math.max(0, Math.max(...depths) - gap), places, ways };
}

function highest(depths: readonly number[], columns: number): [column: number, y: number] {
  let best: [number, number] = [0, Infinity];
  for (let column = 0; column + columns <= depths.length; column++) {
    const y = Math.max(...depths.slice(column, column + columns));
    if (y < best[1]) best = [column, y];
  }
  return best;
}

function inLayers({ layers, links }: Part, { cardWidth, step, gap }: Grid): Block {
  const places = new Map<string, Place>();
  const layerOf = new Map<string, number>();
  let height = 0;
  for (const [nth, layer] of layers.entries()) {
    let y = 0;
    for (const card of layer) {
      places.set(card.key, { x: Math.round(nth * step), y, width: cardWidth });
      layerOf.set(card.key, nth);
      y += card.height + gap;
    }
    height = Math.max(height, y - gap);
  }
  const ways = new Map<string, Way>();
  let lanes = 0;
  for (const link of links) {
    const [from, to] = [places.get(link.from) as Place, places.get(link.to) as Place];
    const start = { x: from.x + cardWidth, y: from.y + link.fromY };
    const end = { x: to.x, y: to.y + link.toY };
    const steps = (layerOf.get(link.to) as number) - (layerOf.get(link.from) as number);
    if (steps === 1) ways.set(link.key, across(start, end));
    else ways.set(link.key, around(start, end, height + gap / 2 + LANE * lanes++));
  }
  if (lanes > 0) height += gap / 2 + LANE * lanes;
  return { columns: layers.length, height, places, ways };
}

function across(start: Spot, end: Spot): Way {
  const middle = (start.x + end.x) / 2;
  const path =
    start.y === end.y
      ? `M${start.x} ${start.y}H${end.x}`
      : `M${start.x} ${start.y}C${middle} ${start.y} ${middle} ${end.y} ${end.x} ${end.y}`;
  return { path, label: { x: middle, y: (start.y + end.y) / 2 - 6 } };
}

/** Below everything and up again: back to where it came from, or past what lies between. */
function around(start: Spot, end: Spot, y: number): Way {
  const [right, left] = [start.x + 14, end.x - 14];
  const isBack = right > left;
  const turn = isBack ? -1 : 1;
  const path =
    `M${start.x} ${start.y}H${right - BEND}q${BEND} 0 ${BEND} ${BEND}V${y - BEND}` +
    `q0 ${BEND} ${turn * BEND} ${BEND}H${left - turn * BEND}q${turn * BEND} 0 ${turn * BEND} ${-BEND}` +
    `V${end.y + BEND}q0 ${-BEND} ${BEND} ${-BEND}H${end.x}`;
  return { path, label: { x: (right + left) / 2, y: y - 5 } };
}

/** One below the other; each link is a rail on the left, in the first lane that is free over its length. */
function asList({ layers, links }: Part, { cardWidth: width, gap }: Grid): Block {
  const cards = layers.flat();
  const tops = new Map<string, number>();
  let height = 0;
  for (const { key, height: own } of cards) {
    tops.set(key, height);
    height += own + gap * 0.75;
  }
  const spans = links.map((link) => {
    const [from, to] = [(tops.get(link.from) as number) + link.fromY, (tops.get(link.to) as number) + link.toY];
    return { link, from, to, low: Math.min(from, to), high: Math.max(from, to), lane: 0 };
  });
  const taken: { low: number; high: number }[][] = [];
  for (const span of spans.toSorted((one, other) => one.high - one.low - (other.high - other.low))) {
    const free = taken.findIndex((lane) => lane.every(({ low, high }) => span.high + 4 < low || span.low - 4 > high));
    span.lane = free < 0 ? taken.length : free;
    (taken[span.lane] ??= []).push(span);
  }
  const x = taken.length === 0 ? 0 : taken.length * LANE + 8;
  const ways = new Map<string, Way>();
  for (const { link, from, to, lane } of spans) {
    const [at, turn] = [x - 8 - lane * LANE, to > from ? 1 : -1];
    const bend = Math.min(BEND, Math.abs(to - from) / 2);
    const path = `M${x} ${from}H${at + bend}q${-bend} 0 ${-bend} ${turn * bend}V${to - turn * bend}q0 ${turn * bend} ${bend} ${turn * bend}H${x}`;
    ways.set(link.key, { path, label: undefined });
  }
  const places = new Map(cards.map(({ key }) => [key, { x, y: tops.get(key) as number, width: width - x }]));
  return { columns: 1, height: height - gap * 0.75, places, ways };
}

/** A path's commands in capitals say where, those in small letters how far. */
function moved({ path, label }: Way, dx: number, dy: number): Way {
  const shifted = path.replaceAll(/([MHVC])([-\d. ]+)/g, (_, command: string, numbers: string) => {
    const by = { M: [dx, dy], C: [dx, dy], H: [dx], V: [dy] }[command] as number[];
    const values = numbers.trim().split(/\s+/).map(Number);
    return command + values.map((value, nth) => value + (by[nth % by.length] as number)).join(' ');
  });
  return { path: shifted, label: label && { x: label.x + dx, y: label.y + dy } };
}
