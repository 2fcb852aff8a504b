/**
 * Heads whose true shape is known: drawn from ICT-FaceKit's own prior (MIT), not from the model under test, and carried to
 * the model's topology so that truth and fit compare vertex by vertex.
 *
 * The trainer carries modes over by the template's binding, which takes 12 s to rebuild. Every skin vertex of likeness-head lies on
 * the surface of the source's mean head, so the same binding is found here by the closest point of that surface once the two
 * origins are known; that takes about a second. docs/decisions/evaluation.md has how far the two differ.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createSurfaceTree, solveDense, vertexNormals } from '@likeness/core/geometry';
import { evaluateModel } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { readShapeSource } from '@likeness/training/shape';
import type { Random } from '@likeness/training/shape';
import { createOracle } from './oracle.ts';
import { faceMetric } from './face-metric.ts';

export interface TruthSource {
  /** `held-out`: heads of ICT-FaceKit's prior; `in-model`: of the model's own prior, which is easier. */
  readonly kind: 'held-out' | 'in-model';
  /** One sentence for reports. */
  readonly label: string;
  /** A neutral head [V, 3], mm, in the model's frame with rigid motion to the mean head removed. */
  sample(random: Random): Float32Array;
}

/** Coefficients beyond this are no people (the prior is a Gaussian without an end). */
const LARGEST_COEFFICIENT = 3;
/** A skin vertex this far off the source's mean surface says that the model was not made from it. */
const LARGEST_GAP_MM = 0.5;

/**
 * @param data folder that holds `models/ict-facekit-head.json` (or `ict-facekit.json`); the model's own prior is used where it is
 *   absent, or where the model does not lie on the source's surface.
 */
export async function openTruthSource(model: MorphableModel, data: string | undefined): Promise<TruthSource> {
  if (data === undefined || !holdsSource(data)) return inModel(model, 'ICT-FaceKit was not given');
  const source = (await readShapeSource(data)).model;
  const binding = bindSkin(model, source);
  if (binding === undefined) return inModel(model, `${model.name} does not lie on ICT-FaceKit's surface`);
  const size = source.vertexCount * 3;
  const skinCount = binding.corners.length / 3;
  const oracle = createOracle(model, faceMetric(model, 'training').weights);
  return {
    kind: 'held-out',
    label:
      `heads drawn from ICT-FaceKit's prior with seeds no training used, on ${model.name}'s topology; that prior also made the ` +
      'training heads, so these are strangers of a known population',
    sample(random) {
      const displacement = new Float32Array(size);
      for (let k = 0; k < source.identity.count; k++) {
        const weight = clampedNormal(random);
        const mode = source.identity.deltas.subarray(k * size, (k + 1) * size);
        for (let i = 0; i < size; i++) displacement[i] += weight * mode[i];
      }
      const head = model.mean.slice();
      for (let v = 0; v < skinCount; v++)
        for (let k = 0; k < 3; k++) {
          const corner = 3 * binding.corners[3 * v + k];
          const weight = binding.weights[3 * v + k];
          for (let c = 0; c < 3; c++) head[3 * v + c] += weight * displacement[corner + c];
        }
      // Eyeballs and the inside of the mouth are drawn, not measured: they follow the closest head of the model.
      const { aligned, positions } = oracle.fit(head, 'rigid');
      aligned.set(positions.subarray(3 * skinCount), 3 * skinCount);
      return aligned;
    },
  };
}

export function holdsSource(data: string): boolean {
  return ['', 'models'].some((folder) =>
    ['ict-facekit-head', 'ict-facekit'].some((name) => existsSync(join(data, folder, `${name}.json`))),
  );
}

function inModel(model: MorphableModel, why: string): TruthSource {
  return {
    kind: 'in-model',
    label: `heads drawn from ${model.name}'s own prior (${why}): easier than heads from elsewhere`,
    sample: (random) =>
      evaluateModel(
        model,
        Float32Array.from({ length: model.identity.count }, () => clampedNormal(random)),
        [],
      ),
  };
}

function clampedNormal(random: Random): number {
  return Math.max(-LARGEST_COEFFICIENT, Math.min(LARGEST_COEFFICIENT, random.normal()));
}

interface Binding {
  /** [S, 3] vertices of the source. */
  readonly corners: Uint32Array;
  /** [S, 3] */
  readonly weights: Float32Array;
}

/** Where each skin vertex of the model lies on the source's mean skin; the frames differ by a translation. */
function bindSkin(model: MorphableModel, source: MorphableModel): Binding | undefined {
  const skin = model.parts.find(({ name }) => name === 'skin');
  const sourceSkin = source.parts.find(({ name }) => name === 'skin');
  if (skin?.vertexStart !== 0 || sourceSkin === undefined) return undefined;
  const triangles = source.triangles.subarray(0, sourceSkin.triangleCount * 3);
  const tree = createSurfaceTree(source.mean, triangles);
  const normals = vertexNormals(model.mean, model.triangles);
  const offset = [0, 0, 0];
  const at = (v: number): [number, number, number] => [
    model.mean[3 * v] + offset[0],
    model.mean[3 * v + 1] + offset[1],
    model.mean[3 * v + 2] + offset[2],
  ];
  // Point-to-plane translation (Chen & Medioni 1992): quadratic where a plain average creeps.
  for (let round = 0; round < 12; round++) {
    const matrix = new Float64Array(9);
    const rhs = new Float64Array(3);
    for (let v = 0; v < skin.vertexCount; v += 7) {
      const [x, y, z] = at(v);
      const hit = tree.closestPoint(x, y, z);
      const n = normals.subarray(3 * v, 3 * v + 3);
      const gap = n[0] * (hit.point[0] - x) + n[1] * (hit.point[1] - y) + n[2] * (hit.point[2] - z);
      for (let r = 0; r < 3; r++) {
        rhs[r] += n[r] * gap;
        for (let c = 0; c < 3; c++) matrix[3 * r + c] += n[r] * n[c];
      }
    }
    const step = solveDense(matrix, rhs, 3);
    if (step === undefined) return undefined;
    for (let c = 0; c < 3; c++) offset[c] += step[c];
    if (Math.hypot(...step) < 1e-6) break;
  }
  const corners = new Uint32Array(skin.vertexCount * 3);
  const weights = new Float32Array(skin.vertexCount * 3);
  for (let v = 0; v < skin.vertexCount; v++) {
    const hit = tree.closestPoint(...at(v));
    if (hit.distance > LARGEST_GAP_MM) return undefined;
    for (let k = 0; k < 3; k++) {
      corners[3 * v + k] = triangles[3 * hit.triangle + k];
      weights[3 * v + k] = hit.barycentric[k];
    }
  }
  return { corners, weights };
}
