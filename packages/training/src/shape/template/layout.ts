/**
 * Lays the skin's chart, the eyeballs' discs and the mouth's interior into the unit square: the skin as wide as the square
 * and at its top, the discs in the two lower corners, as large as the gutter to the skin allows, the mouth between them.
 */

export interface LayoutOptions {
  /** Free space at the border and between islands, as a share of the square (5 texels of 1024 = 0.0049). */
  readonly gutter: number;
}

export const LAYOUT_DEFAULTS: LayoutOptions = { gutter: 6 / 1024 };

/** A disc in the UV square. */
export interface EyeballDisc {
  readonly u: number;
  readonly v: number;
  readonly radius: number;
}

/** An upright rectangle in the UV square. */
export interface UvBox {
  readonly u: number;
  readonly v: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

export interface ChartLayout {
  /** Chart place (x, y) of the left half -> (u, v): u = 0.5 + scale x, v = top - scale y. */
  readonly scale: number;
  readonly top: number;
  /** Centre and radius of the left eyeball's disc (the right's is mirrored about u = 0.5). */
  readonly disc: EyeballDisc;
  /** Room of the mouth's interior: centre and half sizes. */
  readonly mouth: UvBox;
}

/**
 * @param places [n, 2] chart of the left half, x >= 0, y up
 * @param outline vertices of the half's outer boundary, in order
 * @throws {RangeError} when the chart leaves no room below it
 */
export function layoutChart(
  places: Float64Array,
  outline: readonly number[],
  options: LayoutOptions = LAYOUT_DEFAULTS,
): ChartLayout {
  const { gutter } = options;
  let [width, low, high] = [0, Infinity, -Infinity];
  for (const v of outline) {
    width = Math.max(width, places[2 * v]);
    low = Math.min(low, places[2 * v + 1]);
    high = Math.max(high, places[2 * v + 1]);
  }
  const scale = Math.min((0.5 - gutter) / width, (1 - 2 * gutter) / (high - low));
  const top = gutter + scale * high;
  const path = outline.map((v) => [0.5 + scale * places[2 * v], top - scale * places[2 * v + 1]] as const);
  const fits = (radius: number): boolean => {
    const centre = 1 - gutter - radius;
    for (let i = 1; i < path.length; i++) {
      if (segmentDistance(centre, centre, path[i - 1], path[i]) < radius + gutter) return false;
    }
    return true;
  };
  let [small, large] = [0, 0.25];
  for (let i = 0; i < 40; i++) {
    const middle = (small + large) / 2;
    if (fits(middle)) small = middle;
    else large = middle;
  }
  const centre = 1 - gutter - small;
  const [upper, lower] = [top - scale * low + gutter, 1 - gutter];
  const halfWidth = centre - small - gutter - 0.5;
  if (upper >= lower || halfWidth <= 0) {
    throw new RangeError(
      'The chart leaves no room below it for eyeballs and mouth: its height exceeds its width.',
    );
  }
  return {
    scale,
    top,
    disc: { u: centre, v: centre, radius: small },
    mouth: { u: 0.5, v: (upper + lower) / 2, halfWidth, halfHeight: (lower - upper) / 2 },
  };
}

function segmentDistance(
  x: number,
  y: number,
  a: readonly [number, number],
  b: readonly [number, number],
): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const t = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}
