/**
 * A "photo" of a known head: its landmarks projected through a known camera, with noise and outliers on demand.
 */
import { type PinholeCamera, project } from '../../src/camera/index.ts';
import type { FaceAnalysis } from '../../src/analysis/index.ts';
import { evaluateModel, landmarkPositions, type MorphableModel } from '../../src/model/index.ts';

/** mulberry32 through Box-Muller: standard normal numbers, the same for the same seed. */
export function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export interface SyntheticTruth {
  readonly identity: Float32Array;
  readonly expression: Float32Array;
  readonly camera: PinholeCamera;
}

/** A head of random identity (scaled to `spread` standard deviations) `distanceMm` before a camera that frames it. */
export function randomTruth(
  model: MorphableModel,
  seed: number,
  distanceMm: number,
  rotation: readonly [number, number, number],
  expressions: Readonly<Record<string, number>> = {},
  spread = 1,
): SyntheticTruth {
  const normal = normals(seed);
  const expression = new Float32Array(model.expression.count);
  for (const [name, weight] of Object.entries(expressions)) {
    const index = model.expression.names.indexOf(name);
    if (index < 0) throw new Error(`${model.name} has no expression ${name}`);
    expression[index] = weight;
  }
  return {
    identity: Float32Array.from({ length: model.identity.count }, () => spread * normal()),
    expression,
    camera: {
      widthPx: 1200,
      heightPx: 1400,
      focalPx: 3.5 * distanceMm,
      principalPointPx: [600, 700],
      rotation,
      translationMm: [12, -9, -distanceMm - 80],
    },
  };
}

export interface Disturbance {
  readonly seed?: number;
  /** Standard deviation of every coordinate, px. */
  readonly noisePx?: number;
  /** Landmarks that are moved by `outlierPx` in a common direction, as under a hand. */
  readonly outliers?: readonly number[];
  readonly outlierPx?: number;
}

export function landmarksOf(
  model: MorphableModel,
  truth: SyntheticTruth,
  disturbance: Disturbance = {},
): Pick<FaceAnalysis, 'landmarks' | 'points68'> {
  const positions = evaluateModel(model, truth.identity, truth.expression);
  const { noisePx = 0, outlierPx = 0 } = disturbance;
  const normal = normals(disturbance.seed ?? 1);
  const points = new Float32Array(478 * 3);
  points.set(project(truth.camera, landmarkPositions(model, model.landmarks['mediapipe468'], positions)));
  const pupils = { eyeball_right: 468, eyeball_left: 473 };
  for (const [name, index] of Object.entries(pupils)) {
    const part = model.parts.find((candidate) => candidate.name === name);
    let front = part?.vertexStart ?? 0;
    if (part !== undefined) {
      for (let v = part.vertexStart; v < part.vertexStart + part.vertexCount; v++) {
        if (model.mean[v * 3 + 2] > model.mean[front * 3 + 2]) front = v;
      }
    }
    const at = project(truth.camera, positions.slice(front * 3, front * 3 + 3));
    const halfIris = (5.85 * truth.camera.focalPx) / at[2];
    for (let k = 0; k < 5; k++) {
      points[(index + k) * 3] = at[0] + (k === 1 ? halfIris : k === 3 ? -halfIris : 0);
      points[(index + k) * 3 + 1] = at[1] + (k === 2 ? -halfIris : k === 4 ? halfIris : 0);
    }
  }
  for (let i = 0; i < 478; i++) {
    points[i * 3] += noisePx * normal();
    points[i * 3 + 1] += noisePx * normal();
    points[i * 3 + 2] = 0;
  }
  for (const index of disturbance.outliers ?? []) {
    points[index * 3] += outlierPx;
    points[index * 3 + 1] += 0.6 * outlierPx;
  }
  return { landmarks: { points, confidence: 1 }, points68: new Float32Array(136) };
}

/** Angle between two rotations given as axis-angle vectors, degrees; exact enough for small differences. */
export function rotationErrorDegrees(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return (Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) * 180) / Math.PI;
}
