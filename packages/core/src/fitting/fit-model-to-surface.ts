/**
 * The head of a model nearest to a scan: what the model could do if fitting from a photo were perfect. Benchmarks call it the
 * oracle; it also registers a scan to the model's topology.
 *
 * Gauss-Newton on E(p_s, p_e, pose) = mean of w_i d_i^2 + lambda (|p_s|^2 + |p_e|^2), where d_i is the distance of scan point i from the
 * model's surface: closest points are found on the surface, then all coefficients and the pose are solved for
 * together against the tangent planes (with a little weight along them, so that nothing slides without resistance), until neither
 * moves. Distances run from scan to model because the scan is the part that is known: hair, neck and whatever else only the
 * model has costs nothing.
 */
import {
  alignPoints,
  composeSimilarities,
  createSurfaceTree,
  invertSimilarity,
  transformPoints,
} from '../geometry/index.ts';
import type { Similarity, SurfaceHits } from '../geometry/index.ts';
import { evaluateModel, landmarkPositions } from '../model/index.ts';
import type { LinearBasis, MorphableModel } from '../model/index.ts';
import { solveBoxQp } from './box-qp.ts';

export interface FitModelToSurfaceOptions {
  /** Rigid keeps the model's millimetre. */
  readonly scale?: 'rigid' | 'similarity';
  /** How many identity modes may be used; all by default. */
  readonly identityCount?: number;
  /** Whether expression coefficients (0..1) are free; a neutral scan needs none. */
  readonly expression?: boolean;
  /** lambda, mm^2: what one coefficient of one standard deviation costs beside the mean square distance. */
  readonly priorWeight?: number;
  /** [N] weight of each scan point. */
  readonly weights?: Float32Array | Float64Array;
  /** Points farther from the model than this count nothing, mm; large at first, for the first steps start far away. */
  readonly maxDistanceMm?: number;
  readonly maxIterations?: number;
  /** Ends when the root mean square distance changes by less, mm. */
  readonly toleranceMm?: number;
  /** At most this many scan points are used, evenly spread over their order. */
  readonly maxPoints?: number;
}

export const FIT_MODEL_TO_SURFACE_DEFAULTS: {
  readonly scale: 'rigid' | 'similarity';
  readonly expression: boolean;
  readonly priorWeight: number;
  readonly maxDistanceMm: number;
  readonly maxIterations: number;
  readonly toleranceMm: number;
  readonly maxPoints: number;
} = {
  scale: 'rigid',
  expression: false,
  priorWeight: 1e-3,
  maxDistanceMm: 10,
  maxIterations: 40,
  toleranceMm: 1e-4,
  maxPoints: 4000,
};

export interface SurfaceFit {
  /** [K_s] */
  readonly identity: Float32Array;
  /** [K_e] */
  readonly expression: Float32Array;
  /** Model frame -> scan frame. */
  readonly similarity: Similarity;
  /** [V, 3] the fitted head in the scan's frame. */
  readonly positions: Float32Array;
  /** Root mean square distance of the used scan points from it, mm; points beyond `maxDistanceMm` are left out. */
  readonly rmsMm: number;
  readonly iterations: number;
}

/** Weight of movement along the tangent plane, beside 1 across it. */
const TANGENT_WEIGHT = 0.02;

/**
 * @param points [N, 3] of the scan, mm
 * @param start landmarks that place the model: [L, 3] on the scan, and the model's embedding they belong to with the landmark of
 *   each; or a similarity from the model's frame to the scan's
 * @throws RangeError when there are fewer than 3 points or the model lacks the embedding
 */
export function fitModelToSurface(
  model: MorphableModel,
  points: Float32Array | Float64Array,
  start: SurfaceFitStart,
  options: FitModelToSurfaceOptions = {},
): SurfaceFit {
  const defaults = FIT_MODEL_TO_SURFACE_DEFAULTS;
  const scaled = (options.scale ?? defaults.scale) === 'similarity';
  const lambda = options.priorWeight ?? defaults.priorWeight;
  const maxDistanceMm = options.maxDistanceMm ?? defaults.maxDistanceMm;
  const maxIterations = options.maxIterations ?? defaults.maxIterations;
  const toleranceMm = options.toleranceMm ?? defaults.toleranceMm;
  const identityCount = Math.min(options.identityCount ?? model.identity.count, model.identity.count);
  const expressionCount = (options.expression ?? defaults.expression) ? model.expression.count : 0;
  const { sample, weights } = thin(points, options.weights, options.maxPoints ?? defaults.maxPoints);
  const triangles = skinTriangles(model);

  const identity = new Float32Array(model.identity.count);
  const expression = new Float32Array(model.expression.count);
  let similarity = 'similarity' in start ? start.similarity : similarityFromLandmarks(model, start, scaled);
  const poseCount = scaled ? 7 : 6;
  const size = identityCount + expressionCount + poseCount;
  const lower = new Float64Array(size).fill(-Infinity);
  const upper = new Float64Array(size).fill(Infinity);
  lower.fill(0, identityCount, identityCount + expressionCount);
  upper.fill(1, identityCount, identityCount + expressionCount);

  let positions = evaluateModel(model, identity, expression);
  let hits: SurfaceHits | undefined;
  let before = Infinity;
  let iterations = 0;
  const measure = (): { local: Float64Array; rms: number } => {
    const local = transformPoints(sample, invertSimilarity(similarity));
    hits = createSurfaceTree(positions, triangles).closestPoints(local, hits);
    let sum = 0;
    let total = 0;
    const limit = maxDistanceMm / similarity.scale;
    for (let i = 0; i < weights.length; i++) {
      if (hits.distances[i] > limit) continue;
      sum += weights[i] * (hits.distances[i] * similarity.scale) ** 2;
      total += weights[i];
    }
    if (!(total > 0))
      throw new RangeError(
        `fitModelToSurface: no scan point is within ${maxDistanceMm} mm of the model: is the scan in mm and the start right?`,
      );
    return { local, rms: Math.sqrt(sum / total) };
  };
  let state = measure();
  for (; iterations < maxIterations; iterations++) {
    if (Math.abs(before - state.rms) < toleranceMm) break;
    before = state.rms;
    const system = normalEquations(
      model,
      { positions, triangles, local: state.local, weights, hits: hits as SurfaceHits },
      { identityCount, expressionCount, poseCount, limit: maxDistanceMm / similarity.scale },
    );
    // Distances are the scan's millimetres, the unknowns the model's.
    const prior = lambda / similarity.scale ** 2;
    for (let k = 0; k < identityCount + expressionCount; k++) system.hessian[k * size + k] += prior;
    // Levenberg's share for the pose alone: with many coefficients it is nearly free to trade for them.
    for (let k = identityCount + expressionCount; k < size; k++)
      system.hessian[k * size + k] += 1e-6 * system.hessian[k * size + k] + 1e-12;
    const solution = solveBoxQp(system.hessian, system.linear, lower, upper);
    if (!solution)
      throw new RangeError('fitModelToSurface: the scan does not determine the head; raise priorWeight.');
    identity.set(solution.subarray(0, identityCount));
    expression.set(solution.subarray(identityCount, identityCount + expressionCount));
    similarity = composeSimilarities(poseStep(solution.subarray(size - poseCount), scaled), similarity);
    positions = evaluateModel(model, identity, expression);
    state = measure();
  }
  return {
    identity,
    expression,
    similarity,
    positions: transformPoints(positions, similarity),
    rmsMm: state.rms,
    iterations,
  };
}

export type SurfaceFitStart =
  | { readonly similarity: Similarity }
  | {
      /** [L, 3] on the scan. */
      readonly landmarks: ArrayLike<number>;
      /** Name of the model's embedding. */
      readonly embedding: string;
      /** [L] which of its landmarks; all of them in order by default. */
      readonly indices?: ArrayLike<number>;
    };

function similarityFromLandmarks(
  model: MorphableModel,
  { landmarks, embedding, indices }: Exclude<SurfaceFitStart, { readonly similarity: Similarity }>,
  scaled: boolean,
): Similarity {
  const found = model.landmarks[embedding];
  if (!found)
    throw new RangeError(
      `fitModelToSurface: the model ${model.name} has no landmarks "${embedding}"; it has ${Object.keys(model.landmarks).join(', ') || 'none'}.`,
    );
  const all = landmarkPositions(model, found, model.mean);
  const count = landmarks.length / 3;
  const here = new Float64Array(count * 3);
  for (let l = 0; l < count; l++)
    for (let c = 0; c < 3; c++) here[l * 3 + c] = all[(indices ? indices[l] : l) * 3 + c];
  return alignPoints(here, landmarks, { scale: scaled ? 'similarity' : 'rigid' });
}

function thin(
  points: Float32Array | Float64Array,
  weights: Float32Array | Float64Array | undefined,
  most: number,
): { sample: Float64Array; weights: Float64Array } {
  const count = points.length / 3;
  if (!Number.isInteger(count) || count < 3)
    throw new RangeError(
      `fitModelToSurface: expected [N, 3] points with N >= 3, received ${points.length} numbers.`,
    );
  if (weights && weights.length !== count)
    throw new RangeError(`fitModelToSurface: expected ${count} weights, received ${weights.length}.`);
  const used = Math.min(count, most);
  const sample = new Float64Array(used * 3);
  const kept = new Float64Array(used);
  for (let i = 0; i < used; i++) {
    const from = Math.floor((i * count) / used);
    kept[i] = weights ? weights[from] : 1;
    for (let c = 0; c < 3; c++) sample[i * 3 + c] = points[from * 3 + c];
  }
  return { sample, weights: kept };
}

/** Eyeballs and teeth are no part of a scan's surface. */
function skinTriangles(model: MorphableModel): Uint32Array {
  const skin = model.parts.find(({ name }) => name === 'skin');
  return skin
    ? model.triangles.slice(skin.triangleStart * 3, (skin.triangleStart + skin.triangleCount) * 3)
    : model.triangles;
}

interface Pairs {
  readonly positions: Float32Array;
  readonly triangles: Uint32Array;
  /** [N, 3] scan points in the model's frame. */
  readonly local: Float64Array;
  readonly weights: Float64Array;
  readonly hits: SurfaceHits;
}

interface Unknowns {
  readonly identityCount: number;
  readonly expressionCount: number;
  readonly poseCount: number;
  readonly limit: number;
}

/** H and b of the weighted mean over pairs; unknowns: identity, expression, then rotation, translation, log scale. */
function normalEquations(
  model: MorphableModel,
  { positions, triangles, local, weights, hits }: Pairs,
  { identityCount, expressionCount, poseCount, limit }: Unknowns,
): { hessian: Float64Array; linear: Float64Array } {
  const size = identityCount + expressionCount + poseCount;
  const hessian = new Float64Array(size * size);
  const linear = new Float64Array(size);
  const rows = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const stride = model.vertexCount * 3;
  let total = 0;
  const root = Math.sqrt(TANGENT_WEIGHT);
  for (let i = 0; i < weights.length; i++) {
    if (hits.distances[i] > limit || weights[i] === 0) continue;
    const w = weights[i];
    total += w;
    const t = hits.triangles[i] * 3;
    const corners = [triangles[t], triangles[t + 1], triangles[t + 2]] as const;
    const point = [hits.points[i * 3], hits.points[i * 3 + 1], hits.points[i * 3 + 2]] as const;
    const b = barycentricOf(positions, corners, point);
    const frame = frameAt(positions, corners, local, i, point);
    for (let axis = 0; axis < 3; axis++) {
      const row = rows[axis];
      // Across the surface first, then along it.
      const strength = axis === 0 ? 1 : root;
      const nx = strength * frame[axis * 3];
      const ny = strength * frame[axis * 3 + 1];
      const nz = strength * frame[axis * 3 + 2];
      fillRow(row, 0, model.identity, stride, identityCount, corners, b, nx, ny, nz);
      fillRow(row, identityCount, model.expression, stride, expressionCount, corners, b, nx, ny, nz);
      const p = identityCount + expressionCount;
      row[p] = point[1] * nz - point[2] * ny;
      row[p + 1] = point[2] * nx - point[0] * nz;
      row[p + 2] = point[0] * ny - point[1] * nx;
      row[p + 3] = nx;
      row[p + 4] = ny;
      row[p + 5] = nz;
      if (poseCount > 6) row[p + 6] = point[0] * nx + point[1] * ny + point[2] * nz;
      let target = 0;
      for (let c = 0; c < 3; c++) {
        const n = c === 0 ? nx : c === 1 ? ny : nz;
        let mean = 0;
        for (let k = 0; k < 3; k++) mean += b[k] * model.mean[corners[k] * 3 + c];
        target += n * (local[i * 3 + c] - mean);
      }
      for (let r = 0; r < size; r++) {
        const value = w * row[r];
        if (value === 0) continue;
        linear[r] += value * target;
        const at = r * size;
        for (let c = 0; c <= r; c++) hessian[at + c] += value * row[c];
      }
    }
  }
  for (let r = 0; r < size; r++) {
    linear[r] /= total;
    for (let c = 0; c <= r; c++) {
      hessian[r * size + c] /= total;
      hessian[c * size + r] = hessian[r * size + c];
    }
  }
  return { hessian, linear };
}

function fillRow(
  row: Float64Array,
  offset: number,
  { deltas }: LinearBasis,
  stride: number,
  count: number,
  [i, j, k]: readonly [number, number, number],
  [u, v, w]: readonly [number, number, number],
  nx: number,
  ny: number,
  nz: number,
): void {
  for (let m = 0; m < count; m++) {
    const a = m * stride + i * 3;
    const b = m * stride + j * 3;
    const c = m * stride + k * 3;
    row[offset + m] =
      nx * (u * deltas[a] + v * deltas[b] + w * deltas[c]) +
      ny * (u * deltas[a + 1] + v * deltas[b + 1] + w * deltas[c + 1]) +
      nz * (u * deltas[a + 2] + v * deltas[b + 2] + w * deltas[c + 2]);
  }
}

/** Barycentrics of a point of the triangle, by least squares; the first corner where it has no area. */
function barycentricOf(
  positions: Float32Array,
  [i, j, k]: readonly [number, number, number],
  point: readonly [number, number, number],
): [number, number, number] {
  let uu = 0;
  let uv = 0;
  let vv = 0;
  let up = 0;
  let vp = 0;
  for (let c = 0; c < 3; c++) {
    const origin = positions[i * 3 + c];
    const u = positions[j * 3 + c] - origin;
    const v = positions[k * 3 + c] - origin;
    const p = point[c] - origin;
    uu += u * u;
    uv += u * v;
    vv += v * v;
    up += u * p;
    vp += v * p;
  }
  const area = uu * vv - uv * uv;
  if (!(area > 1e-12 * uu * vv)) return [1, 0, 0];
  const b = (vv * up - uv * vp) / area;
  const c = (uu * vp - uv * up) / area;
  return [1 - b - c, b, c];
}

/** Three orthonormal directions: across the surface (along the residual where the point is beyond an edge), then along it. */
function frameAt(
  positions: Float32Array,
  [i, j, k]: readonly [number, number, number],
  local: Float64Array,
  at: number,
  point: readonly [number, number, number],
): Float64Array {
  const edge = (v: number, c: number): number => positions[v * 3 + c] - positions[i * 3 + c];
  let nx = edge(j, 1) * edge(k, 2) - edge(j, 2) * edge(k, 1);
  let ny = edge(j, 2) * edge(k, 0) - edge(j, 0) * edge(k, 2);
  let nz = edge(j, 0) * edge(k, 1) - edge(j, 1) * edge(k, 0);
  let length = Math.hypot(nx, ny, nz);
  const ex = local[at * 3] - point[0];
  const ey = local[at * 3 + 1] - point[1];
  const ez = local[at * 3 + 2] - point[2];
  const d = Math.hypot(ex, ey, ez);
  if (length === 0 || (d > 1e-6 && Math.abs(ex * nx + ey * ny + ez * nz) < 0.8 * d * length)) {
    [nx, ny, nz] = [ex, ey, ez];
    length = d;
  }
  if (length === 0) [nx, ny, nz, length] = [0, 0, 1, 1];
  nx /= length;
  ny /= length;
  nz /= length;
  // Any direction not along the normal gives the first tangent.
  let [tx, ty, tz] = Math.abs(nx) < 0.7 ? [0, nz, -ny] : [-nz, 0, nx];
  const t = Math.hypot(tx, ty, tz);
  tx /= t;
  ty /= t;
  tz /= t;
  return Float64Array.of(nx, ny, nz, tx, ty, tz, ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx);
}

/** x -> exp(s) R(w) x + t */
function poseStep(step: Float64Array, scaled: boolean): Similarity {
  const [x, y, z] = [step[0], step[1], step[2]];
  const angle = Math.hypot(x, y, z);
  const a = angle < 1e-8 ? 1 : Math.sin(angle) / angle;
  const b = angle < 1e-8 ? 0.5 : (1 - Math.cos(angle)) / (angle * angle);
  return {
    scale: scaled ? Math.exp(step[6]) : 1,
    rotation: Float64Array.of(
      1 - b * (y * y + z * z),
      b * x * y - a * z,
      b * x * z + a * y,
      b * x * y + a * z,
      1 - b * (x * x + z * z),
      b * y * z - a * x,
      b * x * z - a * y,
      b * y * z + a * x,
      1 - b * (x * x + y * y),
    ),
    translation: Float64Array.of(step[3], step[4], step[5]),
  };
}
