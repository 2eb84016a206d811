/** A card of the graph: a channel with the workers that take from it, or a ticker, or a state of a diagram. */
export interface Card {
  readonly key: string;
  readonly height: number;
}

/** From somewhere on one card to the head of another; `fromY` and `toY` count from the tops of their cards. */
export interface Link {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly fromY: number;
  readonly toY: number;
}

/** Cards that hang together, in layers: links lead from left to right, but for those that close a circle. */
export interface Part {
  readonly layers: readonly (readonly Card[])[];
  readonly links: readonly Link[];
}

/** Takes a graph apart into what hangs together, in the order in which the cards were given. Links to nowhere are left out. */
export function partsOf(cards: readonly Card[], links: readonly Link[]): Part[] {
  const known = new Set(cards.map(({ key }) => key));
  const sound = links.filter(({ from, to }) => known.has(from) && known.has(to));
  const home = new Map(cards.map(({ key }) => [key, key]));
  const rootOf = (key: string): string => {
    const parent = home.get(key) as string;
    return parent === key ? key : rootOf(parent);
  };
  for (const { from, to } of sound) home.set(rootOf(to), rootOf(from));
  const together = new Map<string, Card[]>();
  for (const card of cards) {
    const root = rootOf(card.key);
    together.set(root, [...(together.get(root) ?? []), card]);
  }
  return [...together].map(([root, members]) =>
    layered(
      members,
      sound.filter(({ from }) => rootOf(from) === root),
    ),
  );
}

/** Each card one layer behind the last of those that lead to it; within a layer near to what it is linked with. */
function layered(cards: readonly Card[], links: readonly Link[]): Part {
  const forward = withoutCircles(cards, links);
  const layerOf = new Map(cards.map(({ key }) => [key, 0]));
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const { from, to } of forward) {
      const behind = (layerOf.get(from) as number) + 1;
      if ((layerOf.get(to) as number) >= behind) continue;
      layerOf.set(to, behind);
      isMoving = true;
    }
  }
  const layers: Card[][] = [];
  for (const card of cards) (layers[layerOf.get(card.key) as number] ??= []).push(card);
  for (const layer of layers.slice(1)) sortByNeighbours(layer, layers, forward);
  return { layers, links };
}

/** The links without those that lead back to a card on the way to them. */
function withoutCircles(cards: readonly Card[], links: readonly Link[]): Link[] {
  const leaving = new Map<string, Link[]>();
  for (const link of links) leaving.set(link.from, [...(leaving.get(link.from) ?? []), link]);
  const [seen, under, forward] = [new Set<string>(), new Set<string>(), [] as Link[]];
  const visit = (key: string): void => {
    seen.add(key);
    under.add(key);
    for (const link of leaving.get(key) ?? []) {
      if (under.has(link.to)) continue;
      forward.push(link);
      if (!seen.has(link.to)) visit(link.to);
    }
    under.delete(key);
  };
  // What nothing leads to is where a way begins.
  const entered = new Set(links.filter(({ from, to }) => from !== to).map(({ to }) => to));
  for (const { key } of [...cards.filter(({ key }) => !entered.has(key)), ...cards]) if (!seen.has(key)) visit(key);
  return forward;
}

function sortByNeighbours(layer: Card[], layers: readonly (readonly Card[])[], links: readonly Link[]): void {
  const rows = new Map(layers.flatMap((cards) => cards.map(({ key }, row) => [key, row])));
  const weights = new Map(
    layer.map(({ key }) => {
      const before = links.filter(({ to }) => to === key).map(({ from }) => rows.get(from) as number);
      return [key, before.length === 0 ? Infinity : before.reduce((sum, row) => sum + row, 0) / before.length];
    }),
  );
  layer.sort((one, other) => (weights.get(one.key) as number) - (weights.get(other.key) as number) || 0);
}
