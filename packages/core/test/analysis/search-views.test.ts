import { describe, expect, it } from 'vitest';
import { frameView, marginView, tileViews } from '../../src/analysis/search-views.ts';

describe('views', () => {
  it('show the whole photo, and the whole photo with a margin', () => {
    expect(frameView(1200, 800)).toEqual({ centreX: 600, centreY: 400, side: 1200, rotation: 0 });
    expect(marginView(1200, 800).side).toBeGreaterThan(1.4 * 1200);
  });

  it('need no tiles where the frame shows the smallest face large enough', () => {
    expect(tileViews(256, 256, 32)).toEqual([]);
  });

  for (const [width, height] of [
    [1350, 1350],
    [4096, 2731],
    [800, 3000],
  ]) {
    it(`cover ${width} x ${height} whole at each level, and any small face lies whole in one tile`, () => {
      const tiles = tileViews(width, height, 40, 2000);
      const sides = [...new Set(tiles.map((tile) => tile.side))];
      const missed: string[] = [];
      for (const side of sides) {
        const level = tiles.filter((tile) => tile.side === side);
        const face = side * 0.2;
        const fits = (centre: number, at: number): boolean =>
          Math.abs(centre - at) + face / 2 <= side / 2 + 1e-6;
        for (let y = face / 2; y <= height - face / 2; y += 23) {
          for (let x = face / 2; x <= width - face / 2; x += 23) {
            if (!level.some((tile) => fits(tile.centreX, x) && fits(tile.centreY, y)))
              missed.push(`${x}, ${y}`);
          }
        }
      }
      expect(missed).toEqual([]);
      // The detector is reliable down to 0.05 of its crop.
      expect(Math.min(...sides)).toBeLessThanOrEqual(40 / 0.055);
    });
  }

  it('keep to the number of tiles allowed', () => {
    expect(tileViews(4096, 4096, 20, 30).length).toBeLessThanOrEqual(30);
  });
});
