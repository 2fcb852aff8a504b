/**
 * Curves inside the skin that the template's edges must follow: the lids' margin, where skin turns inwards to the
 * eyeball, and the line on which the lips meet. Both are quad rings of the source around its open loops, recognised by
 * the landmarks that lie on them.
 */
import type { TemplateSource } from './types.ts';

/** A ring may lie this far from the landmarks it is recognised by (mm, mean). */
const TOLERANCE_MM = 1;
const MAX_RINGS = 16;

export interface Creases {
  /** Closed ring of source vertices around the left eye, once around. */
  readonly lidMargin: readonly number[];
  /** Chain of source vertices from midline to midline through the left corner of the mouth. */
  readonly lipContact: readonly number[];
}

/** Finds both creases on the left half (x >= 0). */
export function findCreases(source: TemplateSource, mean: Float64Array): Creases {
  const quadOf = new Map<string, number>();
  const { skinQuads } = source;
  for (let q = 0; q < skinQuads.length; q += 4) {
    for (let k = 0; k < 4; k++) quadOf.set(`${skinQuads[q + k]},${skinQuads[q + ((k + 1) % 4)]}`, q + k);
  }
  const distanceToRing = (ring: readonly number[], landmarks: readonly number[]): number => {
    let sum = 0;
    for (const i of landmarks) {
      const l = 3 * source.landmarks68[i];
      sum += Math.min(
        ...ring.map((v) =>
          Math.hypot(mean[3 * v] - mean[l], mean[3 * v + 1] - mean[l + 1], mean[3 * v + 2] - mean[l + 2]),
        ),
      );
    }
    return sum / landmarks.length;
  };
  const ringNear = (landmarks: readonly number[]): number[] => {
    let best: number[] = [];
    let nearest = Infinity;
    for (const loop of openLoops(quadOf)) {
      for (const ring of ringsAround(loop, skinQuads, quadOf)) {
        const distance = distanceToRing(ring, landmarks);
        if (distance < nearest) {
          nearest = distance;
          best = ring;
        }
      }
    }
    if (nearest > TOLERANCE_MM) {
      throw new RangeError(
        `No quad ring of the source follows landmarks ${landmarks.join(', ')}; the nearest is ${nearest.toFixed(1)} mm away.`,
      );
    }
    return best;
  };
  // 43-47: the left lids without the inner corner, which lies off the margin; 60-64: where the lips meet.
  const lidMargin = ringNear([43, 44, 45, 46, 47]);
  const lips = ringNear([60, 61, 62, 63, 64]);
  const isLeft = (v: number): boolean => mean[3 * v] > 0;
  const first = lips.findIndex((v, i) => mean[3 * v] === 0 && isLeft(lips[(i + 1) % lips.length]));
  const turned = [...lips.slice(first), ...lips.slice(0, first)];
  const end = turned.findIndex((v, i) => i > 0 && !isLeft(v));
  return { lidMargin, lipContact: turned.slice(0, end + 1) };
}

function openLoops(quadOf: ReadonlyMap<string, number>): number[][] {
  const next = new Map<number, number>();
  for (const edge of quadOf.keys()) {
    const [a, b] = edge.split(',').map(Number);
    if (!quadOf.has(`${b},${a}`)) next.set(a, b);
  }
  const loops: number[][] = [];
  const seen = new Set<number>();
  for (const start of next.keys()) {
    const loop: number[] = [];
    for (let v: number | undefined = start; v !== undefined && !seen.has(v); v = next.get(v)) {
      seen.add(v);
      loop.push(v);
    }
    if (loop.length > 0) loops.push(loop);
  }
  return loops;
}

/** Rings one, two, ... quads away from a loop, as long as they close. */
function ringsAround(
  loop: readonly number[],
  quads: Uint32Array,
  quadOf: ReadonlyMap<string, number>,
): number[][] {
  const rings: number[][] = [];
  let edges = loop.map((v, i) => [v, loop[(i + 1) % loop.length]] as const);
  for (let k = 0; k < MAX_RINGS; k++) {
    const across: (readonly [number, number])[] = [];
    for (const [a, b] of edges) {
      const slot = quadOf.get(`${a},${b}`);
      if (slot === undefined) return rings;
      const quad = slot - (slot % 4);
      const corner = slot % 4;
      across.push([quads[quad + ((corner + 3) % 4)], quads[quad + ((corner + 2) % 4)]]);
    }
    const closes = across.every(([, end], i) => end === across[(i + 1) % across.length][0]);
    const ring = across.map(([start]) => start);
    if (!closes || new Set(ring).size !== ring.length) return rings;
    rings.push(ring);
    edges = across;
  }
  return rings;
}
