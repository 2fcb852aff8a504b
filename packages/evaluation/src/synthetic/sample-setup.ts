/**
 * A photograph that never was, as plain data: who, in which light, seen from where, by which camera, behind what. Every number
 * comes from the head's own random stream, so head 7 of a seed is the same whatever else is drawn.
 */
import { createRandom } from '@likeness/training/shape';
import type { Random } from '@likeness/training/shape';
import { headRotation, sampleExpression } from '@likeness/training/landmarks';
import type { Colour } from '@likeness/training/landmarks';
import { axisAngleOf } from '@likeness/core/camera';
import type { MorphableModel } from '@likeness/core/model';

export type Occluder = 'none' | 'glasses' | 'hand' | 'fringe';

export interface SkinSetup {
  /** Linear reflectance of the face's mean skin. */
  readonly skin: Colour;
  readonly lips: Colour;
  readonly hairColour: Colour;
  readonly iris: Colour;
  /** Gain of the template skin's pattern. */
  readonly pattern: number;
  /** Strength of blotches, pores and freckles, natural log units. */
  readonly blotches: number;
  readonly grain: number;
  readonly freckles: number;
  /** Strength of stubble 0..1. */
  readonly beard: number;
  readonly seed: number;
}

export interface LightSetup {
  readonly ambient: Colour;
  /** Distant lights, direction towards them in the camera's frame. */
  readonly lights: readonly { readonly direction: Colour; readonly rgb: Colour }[];
}

export interface SyntheticSetup {
  readonly index: number;
  readonly expression: Float32Array;
  readonly yawDegrees: number;
  readonly pitchDegrees: number;
  readonly rollDegrees: number;
  /** Axis-angle of the head's rotation. */
  readonly rotation: readonly [number, number, number];
  /** From the lens to the tip of the nose. */
  readonly noseDistanceMm: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Width of the face as a share of the picture's shorter side; with the distance it gives the focal length. */
  readonly faceShare: number;
  /** Where the face's middle lies from the picture's, as a share of the shorter side. */
  readonly offset: readonly [number, number];
  readonly skin: SkinSetup;
  /** Hair with volume; a bald or shaved head without it. */
  readonly hair: boolean;
  readonly light: LightSetup;
  readonly occluder: Occluder;
  readonly clothes: Colour;
  readonly backdropSeed: number;
  /** Standard deviation of the sensor's noise in 8-bit steps, and radius of the lens' blur in pixels. */
  readonly noise: number;
  readonly blurPx: number;
  readonly jpegQuality: number;
}

export interface SampleSetupOptions {
  readonly nearestMm?: number;
  readonly farthestMm?: number;
  readonly smallestPx?: number;
  readonly largestPx?: number;
}

export const SAMPLE_SETUP_DEFAULTS: Required<SampleSetupOptions> = {
  nearestMm: 150,
  farthestMm: 3000,
  smallestPx: 360,
  largestPx: 1100,
};

/** Training takes seeds of 32 bits; the bits above them are 0 there and never here. */
const STREAM = 2 ** 32;

/** The random stream of one head. @param seed 0..2^32-1 */
export function headRandom(seed: number, index: number): Random {
  return createRandom(seed + STREAM * (1 + index));
}

/** Mean skin reflectances from light to dark, linear RGB. */
const TONES: readonly Colour[] = [
  [0.62, 0.42, 0.33],
  [0.5, 0.31, 0.22],
  [0.34, 0.19, 0.12],
  [0.19, 0.1, 0.065],
  [0.085, 0.046, 0.032],
];
const HAIR: readonly Colour[] = [
  [0.012, 0.009, 0.008],
  [0.035, 0.02, 0.012],
  [0.09, 0.05, 0.025],
  [0.26, 0.17, 0.08],
  [0.22, 0.21, 0.2],
];

export function sampleSetup(
  model: Pick<MorphableModel, 'expression'>,
  random: Random,
  index: number,
  options: SampleSetupOptions = {},
): SyntheticSetup {
  const { nearestMm, farthestMm, smallestPx, largestPx } = { ...SAMPLE_SETUP_DEFAULTS, ...options };
  const expression = sampleExpression(model, random, 0.5);
  const bounded = (sigma: number, most: number): number =>
    Math.max(-most, Math.min(most, sigma * random.normal()));
  const yawDegrees = bounded(17, 45);
  const pitchDegrees = bounded(8, 20);
  const rollDegrees = bounded(6, 20);
  const noseDistanceMm = nearestMm * (farthestMm / nearestMm) ** random.uniform();
  const side = smallestPx * (largestPx / smallestPx) ** random.uniform();
  const aspect = [1, 4 / 3, 3 / 4][Math.floor(3 * random.uniform())];
  const widthPx = Math.round(aspect >= 1 ? side : side * aspect);
  const heightPx = Math.round(aspect >= 1 ? side / aspect : side);
  return {
    index,
    expression,
    yawDegrees,
    pitchDegrees,
    rollDegrees,
    rotation: axisAngleOf(headRotation(yawDegrees, pitchDegrees, rollDegrees)),
    noseDistanceMm,
    widthPx,
    heightPx,
    faceShare: sampleFaceShare(random, noseDistanceMm, widthPx, heightPx),
    offset: [random.between(-0.08, 0.08), random.between(-0.06, 0.06)],
    skin: sampleSkin(random),
    hair: random.uniform() < 0.75,
    light: sampleLight(random),
    occluder: pickOccluder(random.uniform()),
    clothes: [random.between(0.02, 0.5), random.between(0.02, 0.5), random.between(0.02, 0.5)],
    backdropSeed: Math.floor(random.uniform() * STREAM),
    noise: random.between(0.3, 4),
    blurPx: random.between(0, 1),
    jpegQuality: Math.round(random.between(45, 95)),
  };
}

/** Typical width of a face, and the smallest that a picture may show it at. */
const FACE_MM = 150;
const LEAST_FACE_PX = 80;

/**
 * Half of the pictures are as a lens takes them: focal length of 0.75 (phone) to 2.4 (portrait lens) times the longer side,
 * so that the face is small from afar. The other half were cut to the face afterwards, which lengthens the focal length.
 */
function sampleFaceShare(random: Random, noseDistanceMm: number, widthPx: number, heightPx: number): number {
  const focalRatio = 0.75 * (2.4 / 0.75) ** random.uniform();
  const cut = random.between(0.3, 0.6);
  const asTaken = random.uniform() < 0.5;
  const shorter = Math.min(widthPx, heightPx);
  const share = (focalRatio * Math.max(widthPx, heightPx) * FACE_MM) / ((noseDistanceMm + 60) * shorter);
  if (!asTaken) return cut;
  return Math.max(LEAST_FACE_PX / shorter, Math.min(0.68, share));
}

function pickOccluder(chance: number): Occluder {
  if (chance < 0.18) return 'glasses';
  if (chance < 0.3) return 'hand';
  return chance < 0.45 ? 'fringe' : 'none';
}

function sampleSkin(random: Random): SkinSetup {
  const skin = between(TONES, random.uniform());
  const warm = Math.exp(0.06 * random.normal());
  const toned: Colour = [skin[0] * warm, skin[1], skin[2] / warm];
  const red = random.between(0.55, 0.85);
  // Hair is dark more often than not, and always on dark skin.
  const hair = between(HAIR, random.uniform() ** 2 * Math.min(1, skin[0] / 0.3));
  const iris = random.uniform() ** 2 * Math.min(1, skin[0] / 0.35);
  return {
    skin: toned,
    lips: [toned[0] * (0.3 + 0.7 * red), toned[1] * red * 0.72, toned[2] * red * 0.85],
    hairColour: hair,
    iris: between(
      [
        [0.05, 0.025, 0.014],
        [0.09, 0.075, 0.035],
        [0.1, 0.14, 0.19],
      ],
      iris,
    ),
    pattern: random.between(0.9, 1.7),
    blotches: random.between(0.02, 0.1),
    grain: random.between(0.01, 0.05),
    freckles: random.uniform() < 0.3 ? random.uniform() : 0.05,
    beard: random.uniform() < 0.35 ? random.between(0.1, 0.75) : 0,
    seed: Math.floor(random.uniform() * STREAM),
  };
}

function sampleLight(random: Random): LightSetup {
  const exposure = Math.exp(0.25 * random.normal());
  const tint = 0.14 * random.normal();
  const colour = (strength: number, warmth: number): Colour => [
    strength * Math.exp(warmth),
    strength,
    strength * Math.exp(-warmth),
  ];
  const ambient = exposure * random.between(0.25, 0.6);
  const lights = [
    {
      direction: direction(random, 1.1),
      rgb: colour(exposure * random.between(0.35, 1), tint + 0.06 * random.normal()),
    },
  ];
  if (random.uniform() < 0.5)
    lights.push({
      direction: direction(random, 1.6),
      rgb: colour(exposure * random.between(0.1, 0.4), tint + 0.12 * random.normal()),
    });
  return { ambient: colour(ambient, tint), lights };
}

/** Mostly from above and in front. */
function direction(random: Random, spread: number): Colour {
  const x = spread * random.normal() * 0.6;
  const y = 0.45 + 0.4 * random.normal();
  const z = 0.9 + 0.3 * random.normal();
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

/** Along a row of colours, t in 0..1, geometric between neighbours. */
function between(row: readonly Colour[], t: number): Colour {
  const place = Math.max(0, Math.min(1, t)) * (row.length - 1);
  const i = Math.min(row.length - 2, Math.floor(place));
  const f = place - i;
  const mix = (c: number): number => row[i][c] ** (1 - f) * row[i + 1][c] ** f;
  return [mix(0), mix(1), mix(2)];
}
