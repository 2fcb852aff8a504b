/**
 * The morphable model restricted to its landmarks. A fit of 468 points touches 1,404 coordinates; evaluating the
 * 12,000 vertices and reading the landmarks off them would cost twenty times as much in every iteration.
 */
import type { LandmarkEmbedding, MorphableModel } from '../model/index.ts';
import { contourPath, type SurfacePoint } from './contour-path.ts';

/** MediaPipe's iris centres: the subject's right eye, then the left. */
export const IRIS_CENTRES: readonly [number, number] = [468, 473];

/** Radius around an eyeball's front pole whose vertices stand for the pupil, mm. */
const PUPIL_RADIUS_MM = 4;

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
  readonly identityCount: number;
  readonly expressionCount: number;
  /** [3] mean of the landmarks on the mean head, world mm: the centre the pose turns about. */
  readonly centre: Float64Array;
  /** [rows, 3] mean positions relative to `centre`, mm. */
  readonly mean: Float64Array;
  /** [rows, 3] outward unit normals of the mean head's surface. */
  readonly normals: Float64Array;
  /** [rows, 3, K_s + K_e] displacement per coefficient, mm: identity first. */
  readonly deltas: Float64Array;
}

const cache = new WeakMap<MorphableModel, Map<string, LandmarkBasis>>();

/**
 * Rows of mean, identity and expression for every landmark of the embedding and for the irises where the model has
 * eyeballs. Computed once per model and kept as long as the model lives.
 * @param embeddingName key of `model.landmarks`.
 */
export function landmarkBasis(model: MorphableModel, embeddingName: string): LandmarkBasis {
  let ofModel = cache.get(model);
  if (ofModel === undefined) {
    ofModel = new Map();
    cache.set(model, ofModel);
  }
  let basis = ofModel.get(embeddingName);
  if (basis === undefined) {
    basis = buildLandmarkBasis(model, embeddingName);
    ofModel.set(embeddingName, basis);
  }
  return basis;
}

function buildLandmarkBasis(model: MorphableModel, embeddingName: string): LandmarkBasis {
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
  const slideRows = slides.map((path) => {
    const start = rows.length;
    rows.push(...path);
    return Uint32Array.from(path, (_, k) => start + k);
  });
  return {
    landmarks: Uint16Array.from(landmarks),
    ownRow: Uint32Array.from(landmarks, (_, k) => k),
    deviationMm: Float64Array.from(deviation),
    slideRows,
    rowCount: rows.length,
    identityCount: model.identity.count,
    expressionCount: model.expression.count,
    centre,
    ...basisRows(model, rows, centre),
  };
}

function basisRows(
  model: MorphableModel,
  rows: readonly SurfacePoint[],
  centre: Float64Array,
): Pick<LandmarkBasis, 'mean' | 'normals' | 'deltas'> {
  const identityCount = model.identity.count;
  const k = identityCount + model.expression.count;
  const mean = new Float64Array(rows.length * 3);
  const normals = new Float64Array(rows.length * 3);
  const deltas = new Float64Array(rows.length * 3 * k);
  for (const [row, point] of rows.entries()) {
    normals.set(triangleNormal(model, point.triangle), row * 3);
    for (let c = 0; c < 3; c++) {
      mean[row * 3 + c] = combine(model.mean, 0, point, c) - centre[c];
      const offset = (row * 3 + c) * k;
      for (let j = 0; j < k; j++) {
        const basis = j < identityCount ? model.identity : model.expression;
        const mode = j < identityCount ? j : j - identityCount;
        deltas[offset + j] = combine(basis.deltas, mode * model.vertexCount * 3, point, c);
      }
    }
  }
  return { mean, normals, deltas };
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
