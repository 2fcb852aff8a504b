/**
 * Areas of the face as polygons of MediaPipe's 478 landmarks: where skin may be trusted, where hair of the face is to be
 * kept, and where something that is not skin (eye, mouth) shows through.
 */

/** Outlines by MediaPipe index. `left` is the subject's left. */
const RIGHT_EYE = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246];
const LEFT_EYE = [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466];
const RIGHT_BROW = [70, 63, 105, 66, 107, 55, 65, 52, 53, 46];
const LEFT_BROW = [300, 293, 334, 296, 336, 285, 295, 282, 283, 276];
const LIPS_OUTER = [
  61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
];
const LIPS_INNER = [
  78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
];
const FACE_OVAL = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
  150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/** Brow to brow over the tops, then down the cheeks and along the jaw: no forehead, no temple. */
const INNER_FACE = [
  46, 70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 276, 340, 352, 411, 434, 430, 431, 262, 428, 199, 208,
  32, 211, 210, 214, 187, 123, 111,
];
/** From the nose's base down to the jaw: where a beard grows. */
const BEARD = [
  2, 326, 426, 436, 434, 364, 394, 395, 369, 396, 175, 171, 140, 170, 169, 135, 214, 216, 206, 97,
];
const NOSE = [168, 351, 399, 437, 420, 360, 278, 294, 327, 326, 2, 97, 98, 64, 48, 131, 198, 217, 174, 122];
/** Eye to brow on each side: lashes, lid creases and brows belong to the texture. */
const RIGHT_ORBIT = [70, 63, 105, 66, 107, 55, 193, 245, 128, 121, 120, 119, 118, 117, 111, 35, 124, 46];
const LEFT_ORBIT = [300, 293, 334, 296, 336, 285, 417, 465, 357, 350, 349, 348, 347, 346, 340, 265, 353, 276];
/** Bare on nearly everybody: upper cheeks, nose. */
const SKIN_SEEDS = [50, 101, 118, 36, 205, 280, 330, 347, 266, 425, 5, 4, 195, 45, 275, 51, 281];
const FOREHEAD_SEEDS = [9, 8, 151, 107, 336];

export const MEDIAPIPE_OUTLINES: {
  readonly rightEye: readonly number[];
  readonly leftEye: readonly number[];
  readonly lipsInner: readonly number[];
  readonly lipsOuter: readonly number[];
} = { rightEye: RIGHT_EYE, leftEye: LEFT_EYE, lipsInner: LIPS_INNER, lipsOuter: LIPS_OUTER };

/** [H, W] flags in window pixels. */
export interface FaceAreas {
  readonly seeds: Uint8Array;
  readonly foreheadSeeds: Uint8Array;
  readonly innerFace: Uint8Array;
  readonly beard: Uint8Array;
  readonly brows: Uint8Array;
  readonly orbits: Uint8Array;
  /** Where glasses sit: the orbits and a margin. */
  readonly spectacles: Uint8Array;
  readonly nose: Uint8Array;
  /** Lids and lashes. */
  readonly lids: Uint8Array;
  readonly lips: Uint8Array;
  readonly oval: Uint8Array;
  /** Eye openings and the open mouth, widened by the landmarks' error: never skin. */
  readonly openings: Uint8Array;
  /** Lines of points down the nose's bridge, from between the eyes to half way to the tip. */
  readonly bridgeLines: readonly (readonly (readonly [number, number])[])[];
  /** Distance of the outer eye corners in window pixels, the unit of all margins here. */
  readonly eyeDistancePx: number;
}

/**
 * @param points [478, >= 2] landmarks in window pixels.
 * @param stride numbers per point.
 */
export function faceAreas(points: Float32Array, stride: number, width: number, height: number): FaceAreas {
  const at = (i: number): readonly [number, number] => [points[i * stride], points[i * stride + 1]];
  const distance = (a: number, b: number): number => Math.hypot(at(a)[0] - at(b)[0], at(a)[1] - at(b)[1]);
  // A turned head foreshortens the eyes' distance, so the face's height keeps the unit from collapsing.
  const eyeDistancePx = Math.max(distance(33, 263), 0.62 * distance(10, 152));
  const flags = (): Uint8Array => new Uint8Array(width * height);
  const fill = (out: Uint8Array, indices: readonly number[], grow: number): Uint8Array => {
    fillPolygon(out, width, height, indices.map(at), grow * eyeDistancePx);
    return out;
  };
  const discs = (indices: readonly number[], radius: number): Uint8Array => {
    const out = flags();
    for (const i of indices) fillPolygon(out, width, height, [at(i)], radius * eyeDistancePx);
    return out;
  };
  const both = (a: readonly number[], b: readonly number[], grow: number): Uint8Array =>
    fill(fill(flags(), a, grow), b, grow);
  const openings = both(RIGHT_EYE, LEFT_EYE, 0.015);
  const mouthGap = distance(13, 14);
  if (mouthGap > 0.03 * eyeDistancePx) fill(openings, LIPS_INNER, 0.006);
  return {
    seeds: discs(SKIN_SEEDS, 0.07),
    foreheadSeeds: discs(FOREHEAD_SEEDS, 0.06),
    innerFace: fill(flags(), INNER_FACE, 0),
    beard: fill(flags(), BEARD, 0.03),
    brows: both(RIGHT_BROW, LEFT_BROW, 0.015),
    orbits: both(RIGHT_ORBIT, LEFT_ORBIT, 0.02),
    spectacles: both(RIGHT_ORBIT, LEFT_ORBIT, 0.14),
    nose: fill(flags(), NOSE, 0.02),
    lids: both(RIGHT_EYE, LEFT_EYE, 0.06),
    lips: fill(flags(), LIPS_OUTER, 0.03),
    oval: fill(flags(), FACE_OVAL, 0),
    openings,
    bridgeLines: bridgeLines(at(168), at(195), 0.03 * eyeDistancePx, width, height),
    eyeDistancePx,
  };
}

function bridgeLines(
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  spacing: number,
  width: number,
  height: number,
): (readonly [number, number])[][] {
  const length = Math.max(Math.hypot(x1 - x0, y1 - y0), 1);
  const across = [(-(y1 - y0) / length) * spacing, ((x1 - x0) / length) * spacing];
  return [-2, -1, 0, 1, 2].map((k) =>
    Array.from({ length: Math.ceil(length) }, (_, n): readonly [number, number] => {
      const t = n / length;
      return [x0 + t * (x1 - x0) + k * across[0], y0 + t * (y1 - y0) + k * across[1]];
    }).filter(([x, y]) => x >= 0 && y >= 0 && x < width && y < height),
  );
}

/**
 * Sets the pixels inside of a polygon or within `grow` pixels of its outline; one point gives a disc. The inside by
 * scanlines, the rim edge by edge: testing every pixel against every edge took ten times as long.
 */
export function fillPolygon(
  out: Uint8Array,
  width: number,
  height: number,
  points: readonly (readonly [number, number])[],
  grow: number,
): void {
  const ys = points.map(([, y]) => y);
  const top = Math.max(0, Math.floor(Math.min(...ys)));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(...ys)));
  const edges = points.map((point, i) => [point, points[(i + 1) % points.length]] as const);
  for (let row = top; row <= bottom; row++) {
    const y = row + 0.5;
    const crossings: number[] = [];
    for (const [[x0, y0], [x1, y1]] of edges)
      if (y0 > y !== y1 > y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(0, Math.ceil(crossings[k] - 0.5));
      const to = Math.min(width - 1, Math.floor(crossings[k + 1] - 0.5));
      if (from <= to) out.fill(1, row * width + from, row * width + to + 1);
    }
  }
  if (grow > 0) for (const [from, to] of edges) fillCapsule(out, width, height, from, to, grow);
}

/** Sets the pixels within `radius` of a segment. */
function fillCapsule(
  out: Uint8Array,
  width: number,
  height: number,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  radius: number,
): void {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const squaredLength = dx * dx + dy * dy || 1;
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + radius));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + radius));
  for (let row = top; row <= bottom; row++) {
    const py = row + 0.5 - y0;
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - x0;
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / squaredLength));
      const ex = px - along * dx;
      const ey = py - along * dy;
      if (ex * ex + ey * ey <= radius * radius) out[row * width + column] = 1;
    }
  }
}
