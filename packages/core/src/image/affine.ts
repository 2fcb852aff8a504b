/**
 * Affine maps of the plane for crops: six numbers from output pixels to source pixels. Both sides use the project's image
 * convention (origin top left, pixel centres at +0.5), so no map ever needs a half-pixel correction.
 */

/** x' = a x + b y + c, y' = d x + e y + f. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** A square in an image, turned about its centre: pixels, radians positive clockwise in the image. */
export interface SquareRegion {
  readonly centreX: number;
  readonly centreY: number;
  readonly side: number;
  readonly rotation: number;
}

/**
 * Map from a square crop of `sizePx` pixels to the image: the crop's centre lands on the region's centre and its x axis
 * points along the region's rotation. `mirrored` flips the crop left to right.
 */
export function squareToImage(region: SquareRegion, sizePx: number, mirrored: boolean = false): Affine {
  const scale = region.side / sizePx;
  const cos = Math.cos(region.rotation) * scale;
  const sin = Math.sin(region.rotation) * scale;
  const sign = mirrored ? -1 : 1;
  const half = sizePx / 2;
  const a = sign * cos;
  const d = sign * sin;
  return {
    a,
    b: -sin,
    c: region.centreX - half * (a - sin),
    d,
    e: cos,
    f: region.centreY - half * (d + cos),
  };
}

/** The map itself at one point. */
export function applyAffine(map: Affine, x: number, y: number): [number, number] {
  return [map.a * x + map.b * y + map.c, map.d * x + map.e * y + map.f];
}

/** First `inner`, then `outer`. */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  return {
    a: outer.a * inner.a + outer.b * inner.d,
    b: outer.a * inner.b + outer.b * inner.e,
    c: outer.a * inner.c + outer.b * inner.f + outer.c,
    d: outer.d * inner.a + outer.e * inner.d,
    e: outer.d * inner.b + outer.e * inner.e,
    f: outer.d * inner.c + outer.e * inner.f + outer.f,
  };
}

/** @throws RangeError for a map that flattens the plane. */
export function invertAffine(map: Affine): Affine {
  const det = map.a * map.e - map.b * map.d;
  if (!(Math.abs(det) > 1e-12)) throw new RangeError(`This affine map has no inverse (determinant ${det}).`);
  const a = map.e / det;
  const b = -map.b / det;
  const d = -map.d / det;
  const e = map.a / det;
  return { a, b, c: -(a * map.c + b * map.f), d, e, f: -(d * map.c + e * map.f) };
}
