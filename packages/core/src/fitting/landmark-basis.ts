/**
 * The morphable model restricted to its landmarks. A fit of 468 points touches 1,404 coordinates; evaluating the
 * 12,000 vertices and reading the landmarks off them would cost twenty times as much in every iteration.
 */
import { symmetricEigen } from '../geometry/index.ts';
import type { LandmarkEmbedding, MorphableModel } from '../model/index.ts';
import { contourPath, type SurfacePoint } from './contour-path.ts';
import type { LandmarkNuisance } from './landmark-nuisance.ts';

/** MediaPipe's iris centres: the subject's right eye, then the left. */
export const IRIS_CENTRES: readonly [number, number] = [468, 473];

/** Radius around an eyeball's front pole whose vertices stand for the pupil, mm. */
const PUPIL_RADIUS_MM = 4;

/**
 * Combinations of identity modes that move the landmarks by less than this (root mean square, mm, at one standard
 * deviation) cannot be seen in them; their coefficients stay at the prior's mean, where the fit would leave them anyway.
 */
const VISIBLE_MODE_MM = 0.06;

export interface LandmarkBasis {
  /** Landmarks that have a place on the model: index into the detector's points. */
  readonly landmarks: Uint16Array;
  /** [N] row of each landmark's own (semantic) place. */
  readonly ownRow: Uint32Array;
  /** [N] standard deviation of the embedding, mm. */
  readonly deviationMm: Float64Array;
  /**
   * Contour landmarks: rows of the places they may slide to, from their own towards the middle of the face.
   * Empty for the others.
   */
  readonly slideRows: readonly Uint32Array[];
  readonly rowCount: number;
  /** Number of identity directions the landmarks can tell apart, K_q <= K_s. */
  readonly identityCount: number;
  /** Number of nuisance modes, K_n. */
  readonly nuisanceCount: number;
  readonly expressionCount: number;
  /** [K_q, K_s] orthonormal rows V: p_s = V' q, so that |p_s| = |q| and the prior stays the same. */
  readonly identityDirections: Float64Array;
  /** [3] mean of the landmarks on the mean head, world mm: the centre the pose turns about. */
  readonly centre: Float64Array;
  /** [rows, 3] mean positions relative to `centre`, mm. */
  readonly mean: Float64Array;
  /** [rows, 3] outward unit normals of the mean head's surface. */
  readonly normals: Float64Array;
  /** [rows, 3, K_n + K_q + K_e] displacement per coefficient, mm: nuisance, identity, expression. */
  readonly deltas: Float64Array;
}

interface CachedBasis {
  readonly embeddingName: string;
  readonly nuisance: LandmarkNuisance | undefined;
  readonly basis: LandmarkBasis;
}

const cache = new WeakMap<MorphableModel, CachedBasis[]>();

/**
 * Rows of mean, identity and expression for every landmark of the embedding and for the irises where the model has
 * eyeballs. Computed once per model and kept as long as the model lives.
 * @param embeddingName key of `model.landmarks`.
 * @param nuisance displacements of the landmarks that are neither identity nor the model's expressions.
 */
export function landmarkBasis(
  model: MorphableModel,
  embeddingName: string,
  nuisance?: LandmarkNuisance,
): LandmarkBasis {
  const known = cache.get(model) ?? [];
  cache.set(model, known);
  const found = known.find((entry) => entry.embeddingName === embeddingName && entry.nuisance === nuisance);
  if (found !== undefined) return found.basis;
  const basis = buildLandmarkBasis(model, embeddingName, nuisance);
  known.push({ embeddingName, nuisance, basis });
  return basis;
}

function buildLandmarkBasis(
  model: MorphableModel,
  embeddingName: string,
  nuisance: LandmarkNuisance | undefined,
): LandmarkBasis {
  const embedding = model.landmarks[embeddingName] as LandmarkEmbedding | undefined;
  if (embedding === undefined) {
    const known = Object.keys(model.landmarks).join(', ') || 'none';
    throw new RangeError(
      `The model ${model.name} has no landmark embedding "${embeddingName}" (it has: ${known}).`,
    );
  }
  const points: SurfacePoint[] = [];
  const landmarks: number[] = [];
  const deviation: number[] = [];
  for (let i = 0; i < embedding.count; i++) {
    const t = embedding.triangle[i];
    points.push({
      vertices: Array.from(model.triangles.subarray(t * 3, t * 3 + 3)),
      weights: Array.from(embedding.barycentric.subarray(i * 3, i * 3 + 3)),
      triangle: t,
    });
    landmarks.push(i);
    deviation.push(embedding.deviationMm[i]);
  }
  const centre = meanPoint(model.mean, points);
  const slides: SurfacePoint[][] = points.map(() => []);
  for (const index of embedding.contour) slides[index] = contourPath(model, points[index], centre);
  if (embedding.count === 468) {
    for (const [eye, name] of ['eyeball_right', 'eyeball_left'].entries()) {
      const pupil = pupilPoint(model, name);
      if (pupil === undefined) continue;
      points.push(pupil);
      slides.push([]);
      landmarks.push(IRIS_CENTRES[eye]);
      deviation.push(0);
    }
  }
  const rows = [...points];
  // Which landmark each row stands for: a place on the contour path errs like the landmark itself.
  const landmarkOfRow = [...landmarks];
  const slideRows = slides.map((path, i) => {
    const start = rows.length;
    rows.push(...path);
    for (let k = 0; k < path.length; k++) landmarkOfRow.push(landmarks[i]);
    return Uint32Array.from(path, (_, k) => start + k);
  });
  const directions = visibleDirections(model, points);
  return {
    landmarks: Uint16Array.from(landmarks),
    ownRow: Uint32Array.from(landmarks, (_, k) => k),
    deviationMm: Float64Array.from(deviation),
    slideRows,
    rowCount: rows.length,
    identityCount: directions.length / model.identity.count,
    nuisanceCount: nuisance?.count ?? 0,
    expressionCount: model.expression.count,
    identityDirections: directions,
    centre,
    ...basisRows(model, rows, landmarkOfRow, centre, directions, nuisance),
  };
}

/** Principal directions of the landmarks' variation over identities, strongest first, the invisible ones left out. */
function visibleDirections(model: MorphableModel, points: readonly SurfacePoint[]): Float64Array {
  const count = model.identity.count;
  const gram = new Float64Array(count * count);
  const row = new Float64Array(count);
  for (const point of points) {
    for (let c = 0; c < 3; c++) {
      for (let k = 0; k < count; k++)
        row[k] = combine(model.identity.deltas, k * model.vertexCount * 3, point, c);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j <= i; j++) gram[i * count + j] += (row[i] * row[j]) / points.length;
      }
    }
  }
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) gram[j * count + i] = gram[i * count + j];
  const { values, vectors } = symmetricEigen(gram, count);
  const kept = values.filter((value) => value > VISIBLE_MODE_MM ** 2).length;
  return vectors.subarray(0, kept * count);
}

function basisRows(
  model: MorphableModel,
  rows: readonly SurfacePoint[],
  landmarkOfRow: readonly number[],
  centre: Float64Array,
  directions: Float64Array,
  nuisance: LandmarkNuisance | undefined,
): Pick<LandmarkBasis, 'mean' | 'normals' | 'deltas'> {
  const modes = model.identity.count;
  const kept = directions.length / modes;
  const nuisanceCount = nuisance?.count ?? 0;
  const k = kept + nuisanceCount + model.expression.count;
  const mean = new Float64Array(rows.length * 3);
  const normals = new Float64Array(rows.length * 3);
  const deltas = new Float64Array(rows.length * 3 * k);
  const identity = new Float64Array(modes);
  for (const [row, point] of rows.entries()) {
    normals.set(triangleNormal(model, point.triangle), row * 3);
    for (let c = 0; c < 3; c++) {
      mean[row * 3 + c] = combine(model.mean, 0, point, c) - centre[c];
      const offset = (row * 3 + c) * k;
      for (let i = 0; i < modes; i++)
        identity[i] = combine(model.identity.deltas, i * model.vertexCount * 3, point, c);
      for (let q = 0; q < kept; q++) {
        for (let i = 0; i < modes; i++)
          deltas[offset + nuisanceCount + q] += directions[q * modes + i] * identity[i];
      }
      if (nuisance !== undefined && c < 2 && landmarkOfRow[row] < nuisance.landmarkCount) {
        for (let j = 0; j < nuisanceCount; j++) {
          deltas[offset + j] = nuisance.modes[(j * nuisance.landmarkCount + landmarkOfRow[row]) * 2 + c];
        }
      }
      for (let j = 0; j < model.expression.count; j++) {
        deltas[offset + kept + nuisanceCount + j] = combine(
          model.expression.deltas,
          j * model.vertexCount * 3,
          point,
          c,
        );
      }
    }
  }
  return { mean, normals, deltas };
}

/** The fit's own coordinates q [K_q] of p_s [K_s]: what the landmarks can see of it. */
export function identityDirectionsOf(basis: LandmarkBasis, identity: ArrayLike<number>): Float64Array {
  const modes = basis.identityDirections.length / basis.identityCount;
  return new Float64Array(basis.identityCount).map((_, k) => {
    let sum = 0;
    for (let i = 0; i < modes; i++) sum += basis.identityDirections[k * modes + i] * identity[i];
    return sum;
  });
}

/** p_s [K_s] of the fit's own coordinates q [K_q]. */
export function identityCoefficients(basis: LandmarkBasis, q: ArrayLike<number>): Float32Array {
  const modes = basis.identityDirections.length / basis.identityCount;
  const out = new Float64Array(modes);
  for (let k = 0; k < basis.identityCount; k++) {
    for (let i = 0; i < modes; i++) out[i] += basis.identityDirections[k * modes + i] * q[k];
  }
  return Float32Array.from(out);
}

/** Coordinate `c` of the surface point in a [.., V, 3] array that starts at `offset`. */
function combine(values: Float32Array, offset: number, point: SurfacePoint, c: number): number {
  let sum = 0;
  for (const [k, vertex] of point.vertices.entries())
    sum += point.weights[k] * values[offset + vertex * 3 + c];
  return sum;
}

function meanPoint(positions: Float32Array, points: readonly SurfacePoint[]): Float64Array {
  const centre = new Float64Array(3);
  for (const point of points) {
    for (let c = 0; c < 3; c++) centre[c] += combine(positions, 0, point, c) / points.length;
  }
  return centre;
}

function triangleNormal(model: MorphableModel, triangle: number): [number, number, number] {
  const p = model.mean;
  const [a, b, c] = [0, 1, 2].map((k) => model.triangles[triangle * 3 + k] * 3);
  const u = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]];
  const v = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]];
  const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const length = Math.hypot(n[0], n[1], n[2]) || 1;
  return [n[0] / length, n[1] / length, n[2] / length];
}

/** The eyeball's vertices around its foremost one, equally weighted. */
function pupilPoint(model: MorphableModel, partName: string): SurfacePoint | undefined {
  const part = model.parts.find((candidate) => candidate.name === partName);
  if (part === undefined || part.vertexCount === 0) return undefined;
  const p = model.mean;
  let front = part.vertexStart;
  const end = part.vertexStart + part.vertexCount;
  for (let v = part.vertexStart; v < end; v++) if (p[v * 3 + 2] > p[front * 3 + 2]) front = v;
  const vertices: number[] = [];
  for (let v = part.vertexStart; v < end; v++) {
    const distance = Math.hypot(
      p[v * 3] - p[front * 3],
      p[v * 3 + 1] - p[front * 3 + 1],
      p[v * 3 + 2] - p[front * 3 + 2],
    );
    if (distance <= PUPIL_RADIUS_MM) vertices.push(v);
  }
  return { vertices, weights: vertices.map(() => 1 / vertices.length), triangle: part.triangleStart };
}
