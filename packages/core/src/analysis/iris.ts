/**
 * The iris network (Ablavatski et al., 2020): from a close crop of each eye, 71 points of lids and brow that replace the
 * mesh's own, and five points of the iris. It was trained on eyes of one side; the other side is mirrored on the way in
 * and out.
 *
 * Crop size, measured on both eyes of the London set against human annotation, % of the outer-eye distance: corners, lids
 * (vertical, middle of the lid), iris centre, and iris diameter relative to the annotated one:
 *   2.3 x the corners' distance 1.52, 0.56, 0.82, 0.977 +- 0.045 (the published choice)
 *   2.6 x                       1.22, 0.62, 0.79, 1.010 +- 0.038
 *   2.9 x                       1.12, 0.70, 0.77, 1.014 +- 0.039
 * The absolute size of the head rests on the diameter, the look of the eye on lids and corners: 2.6.
 */
import { applyAffine, cropAffine, pyramidOf, squareToImage, type Photo } from '../image/index.ts';
import { landmarkRoll } from './face-region.ts';
import { loadImageProgram, outputOfLength, type NetworkFiles, type ProgramOptions } from './program.ts';

export const IRIS_INPUT_PX = 64;
const EYE_POINTS = 71;
const IRIS_POINTS = 5;
const OUTPUT_LENGTH = (EYE_POINTS + IRIS_POINTS) * 3;

/** Mesh points in the order of the network's 71: lower and upper lid in three rings, brow, cheek. */
const RIGHT_EYE: readonly number[] = [
  33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26,
  112, 243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222,
  221, 189, 35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107,
  55, 193,
];
const LEFT_EYE: readonly number[] = [
  263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253,
  252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342,
  445, 444, 443, 442, 441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465,
  383, 300, 293, 334, 296, 336, 285, 417,
];
/** The first 16 of the 71 are the lid line itself. */
const LID_LINE = 16;

interface Eye {
  readonly indices: readonly number[];
  readonly corners: readonly [number, number];
  readonly firstIris: number;
  readonly mirrored: boolean;
}

/** Named by the subject's side; the right eye is on image left of an upright face. */
const EYES: readonly Eye[] = [
  { indices: RIGHT_EYE, corners: [33, 133], firstIris: 468, mirrored: false },
  { indices: LEFT_EYE, corners: [263, 362], firstIris: 473, mirrored: true },
];

export interface IrisOptions {
  /** Side of the eye's crop relative to the distance of its corners. */
  readonly eyeScale?: number;
  /** How many of the 71 points replace the mesh's: 16 the lid line, 71 all. */
  readonly replaced?: number;
}

export const IRIS_DEFAULTS: Required<IrisOptions> = { eyeScale: 2.6, replaced: LID_LINE };

export interface IrisRefiner {
  /**
   * @param points [468, 3] mesh points in image pixels
   * @returns [478, 3]: the same with lids refined, then the irises: centre, edge towards image right, top, image left,
   *   bottom, of the subject's right eye (468..472) and left eye (473..477). An eye hidden by the nose in a near-profile
   *   keeps the mesh's lids and gets an iris of average size in the middle of them.
   */
  refine(photo: Photo, points: Float32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export async function createIrisRefiner(
  files: NetworkFiles,
  options: IrisOptions & ProgramOptions,
): Promise<IrisRefiner> {
  const program = await loadImageProgram(files, IRIS_INPUT_PX, 2, options);
  const eyeScale = options.eyeScale ?? IRIS_DEFAULTS.eyeScale;
  const replaced = options.replaced ?? IRIS_DEFAULTS.replaced;
  const pixels = new Float32Array(2 * IRIS_INPUT_PX ** 2 * 3);

  return {
    refine: async (photo, points) => {
      const rotation = landmarkRoll(points);
      const maps = EYES.map((eye, k) => {
        const [a, b] = eye.corners;
        const dx = points[a * 3] - points[b * 3];
        const dy = points[a * 3 + 1] - points[b * 3 + 1];
        const region = {
          centreX: (points[a * 3] + points[b * 3]) / 2,
          centreY: (points[a * 3 + 1] + points[b * 3 + 1]) / 2,
          side: Math.hypot(dx, dy) * eyeScale,
          rotation,
        };
        const map = squareToImage(region, IRIS_INPUT_PX, eye.mirrored);
        const size = IRIS_INPUT_PX ** 2 * 3;
        cropAffine(
          pyramidOf(photo),
          map,
          IRIS_INPUT_PX,
          IRIS_INPUT_PX,
          { outside: 'edge' },
          pixels.subarray(k * size, (k + 1) * size),
        );
        return map;
      });
      const output = outputOfLength(await program.run(pixels), 2 * OUTPUT_LENGTH, 'Iris');
      const refined = new Float32Array((468 + 2 * IRIS_POINTS) * 3);
      refined.set(points);
      EYES.forEach((eye, k) => {
        const eyeOutput = output.subarray(k * OUTPUT_LENGTH, (k + 1) * OUTPUT_LENGTH);
        refineEye(
          eye,
          points,
          refined,
          (i) => applyAffine(maps[k], eyeOutput[i * 3], eyeOutput[i * 3 + 1]),
          replaced,
        );
      });
      return refined;
    },
    dispose: () => program.dispose(),
  };
}

/** Lid points may move by this fraction of the eye's width; seen: at most 0.09 in view, 0.37 behind the bridge of the nose. */
const MAX_LID_MOVEMENT = 0.2;
/** Iris diameter relative to the eye's width, median of the London set; only for eyes that cannot be seen. */
const IRIS_PER_EYE = 0.4;
/** Order of the iris points in the mirrored crop: edges are named as seen in the image, so left and right change places. */
const MIRRORED_IRIS: readonly number[] = [0, 3, 2, 1, 4];

/** Writes one eye's lids and iris into `refined`; `at` gives the network's point i in image pixels. */
function refineEye(
  eye: Eye,
  points: Float32Array,
  refined: Float32Array,
  at: (i: number) => [number, number],
  replaced: number,
): void {
  const [a, b] = eye.corners;
  const width = Math.hypot(points[a * 3] - points[b * 3], points[a * 3 + 1] - points[b * 3 + 1]);
  let movement = 0;
  // The network's own depth of the iris means nothing; the lid line's mean depth is what the eyeball's front has.
  const lidMean = [0, 0, 0];
  for (let i = 0; i < LID_LINE; i++) {
    const p = eye.indices[i] * 3;
    const [x, y] = at(i);
    movement += Math.hypot(x - points[p], y - points[p + 1]) / LID_LINE;
    for (let c = 0; c < 3; c++) lidMean[c] += points[p + c] / LID_LINE;
  }
  const visible = movement <= MAX_LID_MOVEMENT * width;
  const trusted = visible ? replaced : 0;
  for (let i = 0; i < trusted; i++) {
    const target = eye.indices[i] * 3;
    [refined[target], refined[target + 1]] = at(i);
  }
  const roll = landmarkRoll(points);
  const radius = (IRIS_PER_EYE / 2) * width;
  for (let i = 0; i < IRIS_POINTS; i++) {
    const target = (eye.firstIris + (eye.mirrored ? MIRRORED_IRIS[i] : i)) * 3;
    if (visible) {
      [refined[target], refined[target + 1]] = at(EYE_POINTS + i);
    } else {
      // Right, top, left, bottom lie at quarter turns from the head's own right, counter-clockwise in the image.
      const angle = roll - (((target / 3 - eye.firstIris + 3) % 4) * Math.PI) / 2;
      const reach = i === 0 ? 0 : radius;
      refined[target] = lidMean[0] + reach * Math.cos(angle);
      refined[target + 1] = lidMean[1] + reach * Math.sin(angle);
    }
    refined[target + 2] = lidMean[2];
  }
}
