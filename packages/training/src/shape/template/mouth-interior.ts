/**
 * What is seen between open lips: a closed bag that starts at the lips' inner edge, turns up (down) behind the lip, comes
 * back as a dental arch (so that a photo's teeth land where teeth are) and runs from the arch's edge to the back of the
 * cavity. The arches are those of the source's teeth, given relative to the loop, a little further back.
 */
import { alignPoints } from '@likeness/core/geometry';
import type { EyeballMotion } from './eyeballs.ts';
import type { MouthInterior } from './types.ts';

/** Rings: lips' edge, vestibule (the fold between lip and gum), teeth, edge of the teeth, back. */
const RINGS = 5;
/** The upper arch from the middle to the last molar: x, and z behind the upper lip's inner edge, mm. */
const ARCH: readonly (readonly [x: number, z: number])[] = [
  [0, -2.8],
  [5, -3.4],
  [10, -5.2],
  [15, -8.4],
  [20, -13],
  [24, -19.5],
  [27, -27],
];
/** Share of the arch's length that corresponds to the lips' edge at the middle; the rest is spread to the corners. */
const ARCH_PACE = 0.68;
/** The lower arch lies inside the upper one, mm; in x as a share. */
const LOWER_ARCH_BACK = 1.2;
const LOWER_ARCH_NARROW = 0.97;
/** The vestibule above (below) the lips' edge, mm. */
const VESTIBULE = { upper: 6, lower: 4.5 } as const;
/** Edges of the teeth below the corners of the mouth, mm: the upper row hangs over the lower one. */
const BITE = { upper: 1.1, lower: 0.1 } as const;
/** The ring on the teeth, above (below) the lips' edge, mm. It keeps the fold's normals out of what is seen. */
const TEETH = { upper: 2.5, lower: 0.5 } as const;
/** The vestibule's fold is in front of the teeth, mm. */
const VESTIBULE_FRONT = 0.4;
/** The back: narrower than the arch, behind the upper lip's edge in the middle and, nearer, at the corners, mm. */
const BACK = { narrow: 0.7, middle: 42, corners: 34, upper: 4, lower: 6 } as const;
/** Radii of the rings in the chart: the teeth get the most. */
const CHART_RADII: readonly number[] = [1, 0.9, 0.75, 0.35, 0.15];
/** Exponent of the chart's superellipse. */
const CHART_EXPONENT = 3;
/** Ring after ring the identity's motion is smoother: width of the Gaussian along the lips' edge, mm. */
const FOLLOW_MM: readonly number[] = [0, 6, 6, 6, 12];
/** Share of the lips' backward motion that the teeth make, so that a smile's flat lips stay before them. */
const GIVE_WAY = 0.25;
/** Skin that tells the jaw's turn: about the lower lip, mm from the middle of its inner edge. */
const JAW_REGION_MM = 16;

export interface MouthInteriorMesh {
  readonly interior: MouthInterior;
  /** [n, 3] mm; the first ring repeats the loop's places. */
  readonly positions: Float32Array;
  /** [n] mirror image within the part. */
  readonly mirror: Uint32Array;
  /** [m, 3] counter-clockwise as seen from inside the cavity, from 0; the same in the chart. */
  readonly triangles: Uint32Array;
  /** [n, 2] within -1..1, x to the subject's left, y up. */
  readonly chart: Float32Array;
}

/**
 * @param skin [S, 3] or longer, mm
 * @param lipsInner the loop `lips_inner`: from the midline through the subject's left
 */
export function mouthInteriorMesh(
  skin: Float32Array,
  lipsInner: Uint32Array,
  vertexStart: number,
): MouthInteriorMesh {
  const n = lipsInner.length;
  const at = (v: number, d: number): number => skin[3 * v + d];
  // From the upper lip's middle through the subject's left.
  const upperFirst = at(lipsInner[0], 1) > at(lipsInner[n / 2], 1);
  const loop = upperFirst
    ? lipsInner.slice()
    : Uint32Array.from(lipsInner, (_, i) => lipsInner[(n + n / 2 - i) % n]);
  let corner = 0;
  for (let i = 0; i < n; i++) if (at(loop[i], 0) > at(loop[corner], 0)) corner = i;
  const columns = Array.from({ length: n }, (_, i) =>
    column(i, n, corner, (a, b) => distance(skin, loop, a, b)),
  );
  const [upper, lower, side] = [0, n / 2, corner].map((i) => [0, 1, 2].map((d) => at(loop[i], d)));

  const positions = new Float32Array(3 * n * RINGS);
  const chart = new Float32Array(2 * n * RINGS);
  const jawShare = new Float32Array(n * RINGS);
  const mirror = new Uint32Array(n * RINGS);
  columns.forEach(({ sign, isUpper, along }, i) => {
    // 1 in the middle, 0 at the corners, where upper and lower jaw meet.
    const open = (1 - along ** 4) ** 0.6;
    const [ax, az] = archAt(ARCH_PACE * along + (1 - ARCH_PACE) * along ** 3);
    const x = ax * (isUpper ? 1 : 1 - (1 - LOWER_ARCH_NARROW) * open);
    const z = upper[2] + az - (isUpper ? 0 : LOWER_ARCH_BACK * open);
    const height = (aboveUpper: number, belowLower: number): number =>
      side[1] + open * ((isUpper ? upper[1] + aboveUpper : lower[1] - belowLower) - side[1]);
    const back = BACK.middle + (BACK.corners - BACK.middle) * along ** 2;
    const places: readonly (readonly [number, number, number])[] = [
      [sign * at(loop[i], 0), at(loop[i], 1), at(loop[i], 2)],
      [x, height(VESTIBULE.upper, VESTIBULE.lower), z + VESTIBULE_FRONT],
      [x, height(TEETH.upper, TEETH.lower), z],
      [x, side[1] - open * (isUpper ? BITE.upper : BITE.lower), z],
      [BACK.narrow * x, height(BACK.upper, BACK.lower), upper[2] - back],
    ];
    const direction = [along, (isUpper ? 1 : -1) * (1 - along ** CHART_EXPONENT) ** (1 / CHART_EXPONENT)];
    places.forEach((place, ring) => {
      const v = ring * n + i;
      positions.set([sign * place[0], place[1], place[2]], 3 * v);
      chart.set([sign * CHART_RADII[ring] * direction[0], CHART_RADII[ring] * direction[1]], 2 * v);
      jawShare[v] = 0.5 + (isUpper ? -0.5 : 0.5) * open;
      mirror[v] = ring * n + ((n - i) % n);
    });
  });
  return {
    interior: { vertexStart, loop, rings: RINGS, jawShare },
    positions,
    mirror,
    triangles: bagTriangles(n, corner),
    chart,
  };
}

interface Column {
  /** +1 on the subject's left and on the midline, -1 on the right. */
  readonly sign: number;
  readonly isUpper: boolean;
  /** Share of the lip's edge from the middle (0) to the corner of the mouth (1). */
  readonly along: number;
}

function column(i: number, n: number, corner: number, length: (a: number, b: number) => number): Column {
  const left = Math.min(i, n - i);
  const isUpper = left <= corner;
  const middle = isUpper ? 0 : n / 2;
  return {
    sign: i > n / 2 ? -1 : 1,
    isUpper,
    along: length(middle, left) / length(middle, corner),
  };
}

/** Length of the loop between two of its places, the shorter way by number. */
function distance(skin: Float32Array, loop: Uint32Array, a: number, b: number): number {
  let sum = 0;
  for (let i = Math.min(a, b); i < Math.max(a, b); i++) {
    sum += Math.hypot(...[0, 1, 2].map((d) => skin[3 * loop[i] + d] - skin[3 * loop[i + 1] + d]));
  }
  return sum;
}

/** Place on the arch at a share of its length. */
function archAt(share: number): readonly [number, number] {
  const lengths = ARCH.slice(1).map(([x, z], i) => Math.hypot(x - ARCH[i][0], z - ARCH[i][1]));
  let rest = share * lengths.reduce((a, b) => a + b, 0);
  let i = 0;
  while (i < lengths.length - 1 && rest > lengths[i]) rest -= lengths[i++];
  const t = rest / lengths[i];
  const [a, b] = [ARCH[i], ARCH[i + 1]];
  return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
}

/** Bands between rings and the back wall between upper and lower jaw; each triangle's mirror image is one too. */
function bagTriangles(n: number, corner: number): Uint32Array {
  const left: number[] = [];
  for (let ring = 0; ring + 1 < RINGS; ring++) {
    for (let i = 0; i < n / 2; i++) {
      const [a, b, c, d] = [ring * n + i, ring * n + i + 1, ring * n + n + i, ring * n + n + i + 1];
      left.push(a, c, b, b, c, d);
    }
  }
  const last = (RINGS - 1) * n;
  // Between the upper chain 0 .. corner and the lower one n/2 .. corner, always the shorter step by share.
  const [upperSteps, lowerSteps] = [corner, n / 2 - corner];
  let [u, w] = [0, 0];
  while (u < upperSteps || w < lowerSteps) {
    const [a, b] = [last + u, last + n / 2 - w];
    if (w === lowerSteps || (u < upperSteps && (u + 1) / upperSteps <= (w + 1) / lowerSteps)) {
      if (a + 1 !== b) left.push(a, b, a + 1);
      u++;
    } else {
      if (b - 1 !== a) left.push(a, b, b - 1);
      w++;
    }
  }
  const image = (v: number): number => v - (v % n) + ((n - (v % n)) % n);
  const result = [...left];
  for (let t = 0; t < left.length; t += 3)
    result.push(image(left[t]), image(left[t + 2]), image(left[t + 1]));
  return Uint32Array.from(result);
}

/**
 * Displacements of the bag for one mode. Its first ring has the lips'. The others, for identity (linear in the mode),
 * follow the lips' edge smoothly; the jaw's expressions turn the lower half rigidly with the chin; all other expressions
 * move lips but not bones, and the bag only gives way to lips that go backwards, wholly to lips rolled in, which would
 * go through the teeth.
 *
 * @param skinDeltas [S, 3] or longer, mm
 * @returns [n, 3]
 */
export function mouthInteriorDeltas(
  template: {
    readonly positions: Float32Array;
    readonly skinVertexCount: number;
    readonly mouthInterior: MouthInterior;
  },
  skinDeltas: Float32Array,
  motion: EyeballMotion,
): Float32Array {
  const { loop, rings, jawShare, vertexStart } = template.mouthInterior;
  const n = loop.length;
  const result = new Float32Array(3 * n * rings);
  loop.forEach((v, i) => result.set(skinDeltas.subarray(3 * v, 3 * v + 3), 3 * i));
  if (motion === 'follow-sockets') {
    for (let ring = 1; ring < rings; ring++) {
      for (let i = 0; i < n; i++) {
        result.set(smoothedAt(template.positions, loop, skinDeltas, i, FOLLOW_MM[ring]), 3 * (ring * n + i));
      }
    }
  } else if (motion.expression.startsWith('jaw')) {
    const move = jawMotion(template, skinDeltas);
    for (let v = n; v < n * rings; v++) {
      const place = template.positions.subarray(3 * (vertexStart + v), 3 * (vertexStart + v) + 3);
      result.set(
        move(place).map((value) => jawShare[v] * value),
        3 * v,
      );
    }
  } else {
    const share = motion.expression.startsWith('mouthRoll') ? 1 : GIVE_WAY;
    let backwards = 0;
    loop.forEach((v, i) => {
      const fromMiddle = Math.min(i, n - i, Math.abs(i - n / 2));
      if (fromMiddle < n / 8) backwards = Math.min(backwards, skinDeltas[3 * v + 2]);
    });
    for (let v = n; v < n * rings; v++) result[3 * v + 2] = share * backwards;
  }
  return result;
}

/** Gaussian mean of the lips' displacements about place i of the loop. */
function smoothedAt(
  positions: Float32Array,
  loop: Uint32Array,
  deltas: Float32Array,
  i: number,
  widthMm: number,
): number[] {
  const mean = [0, 0, 0];
  let total = 0;
  const a = loop[i];
  for (const b of loop) {
    const r = Math.hypot(...[0, 1, 2].map((d) => positions[3 * a + d] - positions[3 * b + d]));
    const weight = Math.exp((-r * r) / (2 * widthMm * widthMm));
    total += weight;
    for (let d = 0; d < 3; d++) mean[d] += weight * deltas[3 * b + d];
  }
  return mean.map((value) => value / total);
}

/**
 * The jaw's rigid motion: its turn is that of the lower lip and the skin below; it keeps the middle of the lower lip's
 * inner edge in its place before the teeth.
 */
function jawMotion(
  {
    positions,
    skinVertexCount,
    mouthInterior,
  }: {
    readonly positions: Float32Array;
    readonly skinVertexCount: number;
    readonly mouthInterior: MouthInterior;
  },
  deltas: Float32Array,
): (place: ArrayLike<number>) => [number, number, number] {
  const { loop } = mouthInterior;
  const middle = loop[loop.length / 2];
  const at = [0, 1, 2].map((d) => positions[3 * middle + d]);
  const [from, to]: [number[], number[]] = [[], []];
  for (let v = 0; v < skinVertexCount; v++) {
    const [x, y, z] = [0, 1, 2].map((d) => positions[3 * v + d] - at[d]);
    // The lower lip from its inner edge to the fold above the chin.
    if (
      Math.abs(x) > JAW_REGION_MM ||
      y > 0.3 * JAW_REGION_MM ||
      y < -1.3 * JAW_REGION_MM ||
      z < -0.5 * JAW_REGION_MM
    )
      continue;
    for (let d = 0; d < 3; d++) {
      from.push(positions[3 * v + d]);
      to.push(positions[3 * v + d] + deltas[3 * v + d]);
    }
  }
  const { rotation } = alignPoints(from, to, { scale: 'rigid' });
  const near = [-2, -1, 0, 1, 2].map((i) => loop[loop.length / 2 + i]);
  const shift = [0, 1, 2].map((d) => near.reduce((sum, v) => sum + deltas[3 * v + d], 0) / near.length);
  return (place) => {
    const [x, y, z] = [0, 1, 2].map((d) => place[d] - at[d]);
    return [0, 1, 2].map(
      (d) =>
        rotation[3 * d] * x + rotation[3 * d + 1] * y + rotation[3 * d + 2] * z - [x, y, z][d] + shift[d],
    ) as [number, number, number];
  };
}
