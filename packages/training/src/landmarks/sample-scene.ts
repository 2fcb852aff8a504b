/**
 * Random people under random light: what a landmark embedding is averaged over, so that no single face, pose or
 * shadow decides where a landmark lies.
 */
import type { PinholeCamera } from '@likeness/core/camera';
import { axisAngleOf } from '@likeness/core/camera';
import type { MorphableModel } from '@likeness/core/model';
import type { Random } from '../shape/random.ts';
import type { Colour, FaceColours } from './face-paint.ts';

export interface Scene {
  readonly identity: Float32Array;
  readonly expression: Float32Array;
  readonly camera: PinholeCamera;
  readonly yawDegrees: number;
  readonly colours: FaceColours;
  /** Unit vectors towards distant lights, and their strength. */
  readonly lights: readonly { readonly direction: Colour; readonly strength: number }[];
  readonly ambient: number;
  readonly background: number;
}

export interface SampleSceneOptions {
  /** Side of the square picture. */
  readonly sizePx?: number;
  /** Largest absolute yaw and pitch. */
  readonly yawDegrees?: number;
  readonly pitchDegrees?: number;
  readonly rollDegrees?: number;
  /** Scale of the identity coefficients, 1 = the prior. */
  readonly identityScale?: number;
  /** Largest activation of an expression mode. */
  readonly expressionStrength?: number;
}

export const SAMPLE_SCENE_DEFAULTS: Required<SampleSceneOptions> = {
  sizePx: 448,
  yawDegrees: 35,
  pitchDegrees: 18,
  rollDegrees: 8,
  identityScale: 0.8,
  expressionStrength: 0.5,
};

/** Modes that appear together in everyday faces, each pulled or not as a group. */
const EXPRESSION_GROUPS: readonly (readonly string[])[] = [
  ['mouthSmileLeft', 'mouthSmileRight', 'cheekSquintLeft', 'cheekSquintRight'],
  ['jawOpen'],
  ['browDownLeft', 'browDownRight'],
  ['browInnerUpLeft', 'browInnerUpRight', 'browOuterUpLeft', 'browOuterUpRight'],
  ['eyeSquintLeft', 'eyeSquintRight'],
  ['mouthPucker'],
  ['mouthFrownLeft', 'mouthFrownRight'],
];
const GROUP_CHANCE = 0.3;

export function sampleScene(model: MorphableModel, random: Random, options: SampleSceneOptions = {}): Scene {
  const settings = { ...SAMPLE_SCENE_DEFAULTS, ...options };
  const { sizePx } = settings;
  const identity = Float32Array.from(
    { length: model.identity.count },
    () => settings.identityScale * Math.max(-2.5, Math.min(2.5, random.normal())),
  );
  const expression = sampleExpression(model, random, settings.expressionStrength);
  const yawDegrees = random.between(-settings.yawDegrees, settings.yawDegrees);
  const rotation = axisAngleOf(
    headRotation(
      yawDegrees,
      random.between(-settings.pitchDegrees, settings.pitchDegrees),
      random.between(-settings.rollDegrees, settings.rollDegrees),
    ),
  );
  const distance = random.between(450, 1500);
  const focalPx = (sizePx * 0.62 * distance) / 220;
  const tone = random.uniform();
  const warm = random.between(0.9, 1.1);
  const dark = random.between(0.01, 0.08);
  const skin: Colour = [mix(0.75, 0.22, tone) * warm, mix(0.5, 0.11, tone), mix(0.38, 0.06, tone) / warm];
  const key = unit(random.between(-1, 1), random.between(-0.2, 1), random.between(0.5, 1.2));
  const fill = unit(random.between(-1, 1), random.between(-0.5, 0.5), 1);
  return {
    identity,
    expression,
    camera: {
      widthPx: sizePx,
      heightPx: sizePx,
      focalPx,
      principalPointPx: [sizePx / 2, sizePx / 2],
      rotation,
      translationMm: [random.between(-8, 8), random.between(-8, 8) + 20, -distance],
    },
    yawDegrees,
    colours: {
      skin,
      lips: [skin[0] * 0.75, skin[1] * 0.45, skin[2] * 0.5],
      brows: [dark * 1.2, dark * 0.8, dark * 0.6],
      iris: [random.between(0.03, 0.12), random.between(0.03, 0.12), random.between(0.02, 0.15)],
      ...(random.uniform() < 0.7 ? { hair: [dark, dark * 0.7, dark * 0.5] as const } : {}),
    },
    lights: [
      { direction: key, strength: random.between(0.4, 0.8) },
      { direction: fill, strength: random.between(0.1, 0.4) },
    ],
    ambient: random.between(0.25, 0.5),
    background: random.between(0.05, 0.7),
  };
}

/**
 * An everyday expression: each group of modes is pulled or not.
 * @returns p_e [K_e], each group up to `strength`
 */
export function sampleExpression(
  model: Pick<MorphableModel, 'expression'>,
  random: Random,
  strength: number,
): Float32Array {
  const expression = new Float32Array(model.expression.count);
  for (const group of EXPRESSION_GROUPS) {
    const pull = random.between(0, strength);
    if (random.uniform() > GROUP_CHANCE) continue;
    for (const name of group) {
      const mode = model.expression.names.indexOf(name);
      if (mode >= 0) expression[mode] = pull;
    }
  }
  return expression;
}

/** R = Rz(roll) Rx(pitch) Ry(yaw); positive yaw turns to the subject's left, positive pitch looks up. */
export function headRotation(yawDegrees: number, pitchDegrees: number, rollDegrees: number): number[] {
  const [y, p, r] = [yawDegrees, -pitchDegrees, -rollDegrees].map((degrees) => (degrees * Math.PI) / 180);
  const ry = [Math.cos(y), 0, Math.sin(y), 0, 1, 0, -Math.sin(y), 0, Math.cos(y)];
  const rx = [1, 0, 0, 0, Math.cos(p), -Math.sin(p), 0, Math.sin(p), Math.cos(p)];
  const rz = [Math.cos(r), -Math.sin(r), 0, Math.sin(r), Math.cos(r), 0, 0, 0, 1];
  return product(rz, product(rx, ry));
}

function product(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: 9 }, (_, i) => {
    const row = Math.floor(i / 3) * 3;
    const column = i % 3;
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

function unit(x: number, y: number, z: number): Colour {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
