/**
 * An eyeball's mesh: rings about the iris' centre, one of them on the limbus, with its own disc in the UV chart.
 */
/** Polar angles of the rings in degrees from the iris' centre; `LIMBUS_RING` is the iris' rim. */
const RINGS_BEFORE_LIMBUS = 5;
const SEGMENTS = 32;
/** Rings behind the limbus, as shares of the way from the limbus to the back pole. */
const OUTER_SHARES = [0.02, 0.05, 0.095, 0.155, 0.23, 0.31, 0.4, 0.5, 0.61, 0.73, 0.86] as const;
/** Exponent of the azimuthal chart: below 1 gives the iris more room than the back. */
const CHART_EXPONENT = 0.8;

export interface EyeballMesh {
  /** [n, 3] unit vectors; the iris' centre is +Z, up is +Y. */
  readonly directions: Float32Array;
  /** [m, 3] counter-clockwise from outside. */
  readonly triangles: Uint32Array;
  /** [k, 2] in the unit disc, x right, y up, iris' centre at 0. */
  readonly discUvs: Float32Array;
  /** [m, 3] */
  readonly uvTriangles: Uint32Array;
}

/** Radius in the unit disc of the circle at `angle` radians from the iris' centre. */
export function discRadius(angle: number): number {
  return (angle / Math.PI) ** CHART_EXPONENT;
}

/** A sphere in rings about +Z with one ring on the limbus, finer towards the iris. */
export function eyeballMesh(limbusRadians: number): EyeballMesh {
  const angles: number[] = [];
  for (let i = 1; i <= RINGS_BEFORE_LIMBUS; i++) angles.push((limbusRadians * i) / RINGS_BEFORE_LIMBUS);
  for (const share of OUTER_SHARES) angles.push(limbusRadians + share * (Math.PI - limbusRadians));
  const directions: number[] = [0, 0, 1];
  const uvs: number[] = [0, 0];
  angles.forEach((angle, ring) => {
    for (let s = 0; s < SEGMENTS; s++) {
      // Every second ring is turned by half a segment: near-equilateral triangles, and still mirror-symmetric.
      const phi = (2 * Math.PI * (s + (ring % 2) / 2)) / SEGMENTS;
      directions.push(Math.sin(angle) * Math.cos(phi), Math.sin(angle) * Math.sin(phi), Math.cos(angle));
      uvs.push(discRadius(angle) * Math.cos(phi), discRadius(angle) * Math.sin(phi));
    }
  });
  const back = directions.length / 3;
  directions.push(0, 0, -1);
  const triangles: number[] = [];
  const uvTriangles: number[] = [];
  const at = (ring: number, s: number): number => 1 + ring * SEGMENTS + (s % SEGMENTS);
  const both = (a: number, b: number, c: number): void => {
    triangles.push(a, b, c);
    uvTriangles.push(a, b, c);
  };
  const last = angles.length - 1;
  for (let s = 0; s < SEGMENTS; s++) {
    both(0, at(0, s), at(0, s + 1));
    for (let ring = 0; ring < last; ring++) {
      const [a, b] = [at(ring, s), at(ring, s + 1)];
      const shift = ring % 2;
      const [c, d] = [at(ring + 1, s + shift), at(ring + 1, s + 1 + shift)];
      if (shift === 0) {
        // The outer ring lies half a segment ahead: c is between a and b.
        both(a, c, b);
        both(b, c, d);
      } else {
        both(a, c, b);
        both(a, at(ring + 1, s), c);
      }
    }
    // In the chart the back pole is one point per triangle, on the disc's rim.
    const phi = (2 * Math.PI * (s + 0.5 + (last % 2) / 2)) / SEGMENTS;
    triangles.push(at(last, s), back, at(last, s + 1));
    uvTriangles.push(at(last, s), uvs.length / 2, at(last, s + 1));
    uvs.push(Math.cos(phi), Math.sin(phi));
  }
  return {
    directions: Float32Array.from(directions),
    triangles: Uint32Array.from(triangles),
    discUvs: Float32Array.from(uvs),
    uvTriangles: Uint32Array.from(uvTriangles),
  };
}
