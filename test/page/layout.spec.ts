import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { layoutOf } from '../../libs/dashboard/page/src/graph/layout.js';
import { partsOf } from '../../libs/dashboard/page/src/graph/parts.js';

const SIZES = { leastWidth: 200, between: 72, gap: 28 };

const graphs = fc
  .record({
    cards: fc.integer({ min: 1, max: 24 }),
    heights: fc.array(fc.integer({ min: 58, max: 260 }), { minLength: 24 }),
  })
  .chain(({ cards, heights }) => {
    const end = fc.integer({ min: 0, max: cards - 1 }).map(String);
    return fc.record({
      cards: fc.constant(heights.slice(0, cards).map((height, nth) => ({ key: String(nth), height }))),
      links: fc
        .array(fc.record({ from: end, to: end }), { maxLength: 40 })
        .map((links) => links.map((link, nth) => ({ ...link, key: String(nth), fromY: 29, toY: 29 }))),
      available: fc.integer({ min: 300, max: 2_400 }),
    });
  });

it('places every card within the width, and no two on one another', () => {
  fc.assert(
    fc.property(graphs, ({ cards, links, available }) => {
      const { places, ways, height } = layoutOf(cards, links, available, SIZES);
      expect(ways.size).toBe(links.length);
      const boxes = cards.map(({ key, height: own }) => {
        const place = places.get(key);
        if (place === undefined) throw new Error(`${key} has no place`);
        return { ...place, right: place.x + place.width, bottom: place.y + own };
      });
      for (const [nth, box] of boxes.entries()) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.right).toBeLessThanOrEqual(available + 1);
        expect(box.bottom).toBeLessThanOrEqual(height);
        for (const other of boxes.slice(nth + 1)) {
          const isApart =
            box.right <= other.x || other.right <= box.x || box.bottom <= other.y || other.bottom <= box.y;
          expect(isApart).toBe(true);
        }
      }
    }),
    { numRuns: 200 },
  );
});

it('puts what comes later behind what comes before, however the circle is closed', () => {
  const cards = ['a', 'b', 'c'].map((key) => ({ key, height: 58 }));
  const link = (from: string, to: string) => ({ key: `${from}${to}`, from, to, fromY: 29, toY: 29 });
  const [part] = partsOf(cards, [link('a', 'b'), link('b', 'c'), link('c', 'a')]);
  expect(part?.layers.map((layer) => layer.map(({ key }) => key))).toEqual([['a'], ['b'], ['c']]);
});

it('keeps what does not hang together apart', () => {
  const cards = ['a', 'b', 'c', 'd'].map((key) => ({ key, height: 58 }));
  const parts = partsOf(cards, [{ key: '1', from: 'c', to: 'a', fromY: 29, toY: 29 }]);
  expect(parts.map(({ layers }) => layers.flat().map(({ key }) => key))).toEqual([['c', 'a'], ['b'], ['d']]);
});
