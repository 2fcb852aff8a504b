/**
 * The crop that ArcFace and its relatives are trained on: the similarity that brings eyes, nose tip and mouth corners onto
 * five fixed places of a 112 px square.
 */
import type { Affine } from '../image/index.ts';

/**
 * Places of the five points in a 112 x 112 crop, from image left: eye, eye, nose tip, mouth corner, mouth corner. The figures that
 * the field uses (Deng et al. 2019; for 112 x 96 before that); pixel centres at whole numbers, as OpenCV counts.
 */
export const ARCFACE_TEMPLATE: readonly (readonly [number, number])[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

const TEMPLATE_PX = 112;

/** The template for another side: scaled; a side of 128 is the 112 px face with 8 px more to either side, as the field has it. */
export function arcFaceTemplate(sizePx: number): readonly (readonly [number, number])[] {
  const wide = sizePx % 128 === 0;
  const scale = sizePx / (wide ? 128 : TEMPLATE_PX);
  return ARCFACE_TEMPLATE.map(([x, y]) => [(x + (wide ? 8 : 0)) * scale, y * scale]);
}

/**
 * The five points of a face from its 468 mesh landmarks. Eyes are the middle between their corners: that is where annotators put an
 * eye's centre, it does not follow the gaze, and it is there on a render, which has no iris landmarks.
 * @param points [>= 468, 3] MediaPipe order
 * @returns [5, 2] in the points' pixels
 */
export function fivePoints(points: ArrayLike<number>): Float64Array {
  const at = (i: number): readonly [number, number] => [points[i * 3], points[i * 3 + 1]];
  const middle = (i: number, j: number): readonly [number, number] => {
    const [[ax, ay], [bx, by]] = [at(i), at(j)];
    return [(ax + bx) / 2, (ay + by) / 2];
  };
  return Float64Array.from([middle(33, 133), middle(362, 263), at(4), at(61), at(291)].flat());
}

/**
 * The similarity (turn, even scale, shift; no mirroring) that brings `source` closest to `target` in the sense of least
 * squares: Umeyama (1991) in the plane, where it is linear in (s cos, s sin, shift).
 * @param source [N, 2]. @param target [N, 2] @throws RangeError where the source points coincide
 */
export function similarityOf(source: ArrayLike<number>, target: ArrayLike<number>): Affine {
  const count = source.length / 2;
  let [mx, my, tx, ty] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    mx += source[2 * i] / count;
    my += source[2 * i + 1] / count;
    tx += target[2 * i] / count;
    ty += target[2 * i + 1] / count;
  }
  let [along, across, spread] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [x, y] = [source[2 * i] - mx, source[2 * i + 1] - my];
    const [u, v] = [target[2 * i] - tx, target[2 * i + 1] - ty];
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  if (!(spread > 0)) throw new RangeError('The points to align all lie in one place.');
  const [a, d] = [along / spread, across / spread];
  return { a, b: -d, c: tx - a * mx + d * my, d, e: a, f: ty - d * mx - a * my };
}
