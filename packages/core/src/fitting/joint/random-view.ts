/**
 * The second render of each iteration (Gecer et al. 2019, section 3.3.1): same p_s and p_t, expression, camera and light drawn
 * anew. What the identity network recognises there cannot have been written into this photo's light or pose.
 *
 * Everything is drawn outside the graph from a key, so a seed and a step give one view on every machine.
 */
import { random } from '@likeness/graph';
import { multiply3, rotationMatrix, axisAngleOf, type PinholeCamera } from '../../camera/index.ts';
import { directionalLight } from '../../lighting/index.ts';
import type { LandmarkModel, MorphableModel } from '../../model/index.ts';

export interface RandomViewOptions {
  /** Standard deviations of yaw, pitch and roll, degrees; drawn within two of them. */
  readonly yawDegrees?: number;
  readonly pitchDegrees?: number;
  readonly rollDegrees?: number;
  /** Distance of the camera, mm: log-uniform between the two. */
  readonly distanceMm?: readonly [number, number];
  /** How many expressions are active at most, and how strongly. */
  readonly expressions?: number;
  readonly expressionStrength?: number;
}

/**
 * The paper draws camera and light from Gaussians of a photo collection; here widths were chosen by what FaceRes makes of them
 * (`benchmarks/fit/random-view.ts`, 16 heads of the model): a head in such a view has a cosine of 0.85 to itself seen plainly (5%
 * of views: below 0.75) and always finds itself first, others have 0.50. Two real photos of a person in one session have 0.74 to
 * 0.98: the views vary as much as photos do, and no more. Light weighs most (from above at half strength alone: 0.83), then
 * yaw (20 degrees: 0.93; 45: 0.79), while expressions are nearly free (8 at up to 0.8: 0.96) and so may be many.
 */
export const RANDOM_VIEW_DEFAULTS: Required<RandomViewOptions> = {
  yawDegrees: 12,
  pitchDegrees: 6,
  rollDegrees: 4,
  distanceMm: [500, 2000],
  expressions: 8,
  expressionStrength: 0.8,
};

export interface RandomView {
  /** [K_e] 0..1. */
  readonly expression: Float32Array;
  readonly camera: PinholeCamera;
  /** [27] spherical harmonics in the world frame. */
  readonly light: Float32Array;
}

/** Side of the imaginary photo in pixels, and how many millimetres it spans at the face. */
const PHOTO_PX = 640;
const HEAD_MM = 320;

/**
 * @param from key of this step and photo
 * @param pivot [3] middle of the face, mm: it lies in the middle of the photo
 */
export function randomView(
  model: Pick<MorphableModel, 'expression'>,
  from: random.RandomKey,
  pivot: ArrayLike<number>,
  options: RandomViewOptions = {},
): RandomView {
  const settings = { ...RANDOM_VIEW_DEFAULTS, ...options };
  const [poseKey, viewKey, expressionKey, strengthKey, lightKey] = random.split(from, 5);
  const turn = random.truncatedNormal(poseKey, [3]);
  const radians = [settings.yawDegrees, settings.pitchDegrees, settings.rollDegrees].map(
    (degrees, i) => (degrees * turn[i] * Math.PI) / 180,
  );
  // Yaw about the head's own axis last from the right: roll and pitch of the camera do not tilt it.
  const rotation = multiply3(
    multiply3(rotationMatrix([0, 0, radians[2]]), rotationMatrix([radians[1], 0, 0])),
    rotationMatrix([0, radians[0], 0]),
  );
  const [near, far] = settings.distanceMm;
  const distance = near * (far / near) ** random.uniform(viewKey, [1])[0];
  const turned = [0, 1, 2].map(
    (i) => rotation[i * 3] * pivot[0] + rotation[i * 3 + 1] * pivot[1] + rotation[i * 3 + 2] * pivot[2],
  );
  return {
    expression: drawExpression(model, expressionKey, strengthKey, settings),
    camera: {
      widthPx: PHOTO_PX,
      heightPx: PHOTO_PX,
      focalPx: (PHOTO_PX * distance) / HEAD_MM,
      principalPointPx: [PHOTO_PX / 2, PHOTO_PX / 2],
      rotation: axisAngleOf(rotation),
      translationMm: [-turned[0], -turned[1], -turned[2] - distance],
    },
    light: drawLight(lightKey),
  };
}

/**
 * The landmarks of a head, from the model's rows for them alone: a view asks nothing else of its head, and all vertices take 5 ms a step.
 * @param identity [K_s] @param expression [K_e]
 * @returns [N, 3] world mm
 */
export function landmarkPlacesOf(
  { mean, identity: shapes, expression: expressions }: LandmarkModel,
  identity: ArrayLike<number>,
  expression: ArrayLike<number>,
): Float32Array {
  const out = Float64Array.from(mean);
  for (const [modes, weights] of [
    [shapes, identity],
    [expressions, expression],
  ] as const)
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k];
      if (weight === 0) continue;
      for (let i = 0, at = k * out.length; i < out.length; i++, at++) out[i] += weight * modes[at];
    }
  return Float32Array.from(out);
}

/** A few expressions at once, none of which closes the eyes or hides the mouth: the network must still see a face. */
function drawExpression(
  { expression }: Pick<MorphableModel, 'expression'>,
  chooseKey: random.RandomKey,
  strengthKey: random.RandomKey,
  settings: Required<RandomViewOptions>,
): Float32Array {
  const out = new Float32Array(expression.count);
  const order = random.permutation(chooseKey, expression.count);
  const strengths = random.uniform(strengthKey, [settings.expressions]);
  for (let k = 0; k < Math.min(settings.expressions, expression.count); k++) {
    if (/blink|tongue|roll/i.test(expression.names[order[k]])) continue;
    out[order[k]] = settings.expressionStrength * strengths[k];
  }
  return out;
}

/** A key light from above or beside in front of the face over ambient light; together a face is about as bright as in a photo. */
function drawLight(key: random.RandomKey): Float32Array {
  const [x, y, share, strength, warmth] = random.uniform(key, [5]);
  const level = 0.75 + 0.5 * strength;
  const direct = 0.2 + 0.4 * share;
  const tint = [1 + 0.12 * (warmth - 0.5), 1, 1 - 0.12 * (warmth - 0.5)];
  const rgb = (part: number): [number, number, number] => [
    part * level * tint[0],
    part * level * tint[1],
    part * level * tint[2],
  ];
  return directionalLight([1.6 * x - 0.8, 0.7 * y, 1], rgb(direct), rgb(1 - direct)).coefficients;
}
