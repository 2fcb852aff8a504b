/**
 * The REALY protocol (Chai et al., ECCV 2022, "REALY: Rethinking the Evaluation of 3D Face Reconstruction"), as its authors
 * coded it:
 *
 * 1. the prediction is brought to the scan by 7 keypoints with scale (the scale as the ratio of absolute deviations);
 * 2. for each region (nose, mouth, forehead, cheek) it is aligned again by rigid ICP, scan vertices to prediction surface, the
 *    region's keypoints counting as much as its vertices (cheek: a quarter);
 * 3. bICP: the scan's region is bent onto the prediction (`realy-deform.ts`), which finds what corresponds to what;
 * 4. the error of a scan vertex is the distance of the original vertex from the prediction's point closest to the bent one; the
 *    mean over the region times the subject's metrical scale is in mm.
 */
import {
  alignPoints,
  createSurfaceTree,
  IDENTITY_SIMILARITY,
  invertSimilarity,
  subMesh,
  transformPoints,
  weldVertices,
} from '../geometry/index.ts';
import type { Similarity, SurfaceHits, SurfaceTree } from '../geometry/index.ts';
import { deformRealyRegion } from './realy-deform.ts';
import {
  REALY_ALIGNMENT_KEYPOINTS,
  REALY_DEFORMATION_KEYPOINTS,
  REALY_GLOBAL_KEYPOINTS,
  REALY_REGIONS,
} from './realy-keypoints.ts';
import type {
  FaceRegion,
  Points,
  RealyPrediction,
  RealyRegionResult,
  RealyResult,
  RealyScan,
} from './types.ts';

const MAX_RIGID_ITERATIONS = 100;
/** Mean square distances (scan units) that differ by less count as the same. */
const RIGID_TOLERANCE = 1e-6;
const KEYPOINTS = 85;

/** @throws RangeError when there are not 85 keypoints each or a region is empty */
export function evaluateRealy(scan: RealyScan, prediction: RealyPrediction): RealyResult {
  for (const [what, points] of [
    ['scan', scan.keypoints],
    ['prediction', prediction.keypoints],
  ] as const)
    if (points.length !== KEYPOINTS * 3)
      throw new RangeError(
        `evaluateRealy: the ${what} needs ${KEYPOINTS} keypoints, received ${points.length / 3}.`,
      );
  if (!(scan.metricalScale > 0))
    throw new RangeError(
      `evaluateRealy: the metrical scale must be positive, received ${scan.metricalScale}.`,
    );
  const global = globalAlignment(prediction.keypoints, scan.keypoints);
  const positions = transformPoints(Float64Array.from(prediction.mesh.positions), global);
  const keypoints = transformPoints(Float64Array.from(prediction.keypoints), global);
  const { triangles } = prediction.mesh;
  const mask = prediction.faceMask;
  const tree = createSurfaceTree(positions, triangles);
  const maskedTriangles = mask
    ? triangles.filter((_, i) => {
        const t = i - (i % 3);
        return mask[triangles[t]] === 1 && mask[triangles[t + 1]] === 1 && mask[triangles[t + 2]] === 1;
      })
    : triangles;

  const regions = {} as Record<FaceRegion, RealyRegionResult>;
  for (const region of REALY_REGIONS) {
    const mesh = scan.regions[region];
    if (mesh.positions.length < 9)
      throw new RangeError(`evaluateRealy: the scan's ${region} has ${mesh.positions.length / 3} vertices.`);
    // Loaded by the authors with doubled vertices merged; errors are handed back for every vertex of the file.
    const welded = weldVertices(mesh);
    const alignment = regionAlignment(
      tree,
      Float64Array.from(mesh.positions),
      pickPoints(keypoints, REALY_ALIGNMENT_KEYPOINTS[region]),
      pickPoints(scan.keypoints, REALY_ALIGNMENT_KEYPOINTS[region]),
      region === 'cheek' ? 0.25 : 1,
    );
    const aligned = transformPoints(positions, alignment.similarity);
    const surface = createSurfaceTree(aligned, maskedTriangles);
    const guides = REALY_DEFORMATION_KEYPOINTS[region];
    const bent = deformRealyRegion(
      welded,
      surface,
      guides && {
        onScan: pickPoints(scan.keypoints, guides),
        onPrediction: transformPoints(pickPoints(keypoints, guides), alignment.similarity),
      },
    );
    const { points } = surface.closestPoints(bent);
    let sum = 0;
    const errors = new Float64Array(points.length / 3);
    for (let i = 0; i < errors.length; i++) {
      errors[i] =
        scan.metricalScale *
        Math.hypot(
          points[i * 3] - welded.positions[i * 3],
          points[i * 3 + 1] - welded.positions[i * 3 + 1],
          points[i * 3 + 2] - welded.positions[i * 3 + 2],
        );
      sum += errors[i];
    }
    const count = mesh.positions.length / 3;
    const errorsMm = new Float64Array(count);
    const matched = new Float64Array(count * 3);
    for (let v = 0; v < count; v++) {
      const w = welded.weldedOf[v];
      errorsMm[v] = errors[w];
      for (let c = 0; c < 3; c++) matched[v * 3 + c] = points[w * 3 + c];
    }
    regions[region] = {
      errorMm: sum / errors.length,
      errorsMm,
      matched,
      rigidIterations: alignment.iterations,
    };
  }
  const allMm =
    REALY_REGIONS.reduce((sum, region) => sum + regions[region].errorMm, 0) / REALY_REGIONS.length;
  return { regions, allMm, globalScale: global.scale };
}

/** Procrustes on 7 keypoints; its scale is sum |target| / sum |rotated source| about the means, not the least-squares one. */
function globalAlignment(source: Points, target: Points): Similarity {
  const from = pickPoints(source, REALY_GLOBAL_KEYPOINTS);
  const to = pickPoints(target, REALY_GLOBAL_KEYPOINTS);
  const { rotation } = alignPoints(from, to, { scale: 'rigid' });
  const turned = transformPoints(from, { scale: 1, rotation, translation: new Float64Array(3) });
  const meanOf = (points: Float64Array, c: number): number => {
    let sum = 0;
    for (let i = c; i < points.length; i += 3) sum += points[i];
    return sum / (points.length / 3);
  };
  const deviation = (points: Float64Array): number =>
    points.reduce((sum, x, i) => sum + Math.abs(x - meanOf(points, i % 3)), 0);
  const scale = deviation(to) / deviation(turned);
  const translation = Float64Array.from([0, 1, 2], (c) => meanOf(to, c) - scale * meanOf(turned, c));
  return { scale, rotation, translation };
}

/** Rigid ICP of the surface to the scan's vertices and keypoints. */
function regionAlignment(
  tree: SurfaceTree,
  vertices: Float64Array,
  keypointsHere: Float64Array,
  keypointsThere: Float64Array,
  share: number,
): { similarity: Similarity; iterations: number } {
  const count = vertices.length / 3;
  const guides = keypointsHere.length / 3;
  // Each keypoint is repeated that often, whole times.
  const repeats = Math.floor((share * count) / guides);
  const weights = new Float64Array(count + guides).fill(1, 0, count).fill(repeats, count);
  const total = count + guides * repeats;
  const target = new Float64Array((count + guides) * 3);
  target.set(vertices);
  target.set(keypointsThere, count * 3);
  const source = new Float64Array((count + guides) * 3);
  source.set(keypointsHere, count * 3);
  let similarity = IDENTITY_SIMILARITY;
  let hits: SurfaceHits | undefined;
  let before = 0;
  for (let iterations = 0; ; iterations++) {
    hits = tree.closestPoints(transformPoints(vertices, invertSimilarity(similarity)), hits);
    source.set(hits.points);
    const next = alignPoints(source, target, { scale: 'rigid', weights });
    const moved = transformPoints(source, next);
    let error = 0;
    for (let i = 0; i < weights.length; i++)
      for (let c = 0; c < 3; c++) error += (weights[i] * (moved[i * 3 + c] - target[i * 3 + c]) ** 2) / total;
    if (Math.abs(error - before) < RIGID_TOLERANCE || iterations >= MAX_RIGID_ITERATIONS)
      return { similarity, iterations };
    before = error;
    similarity = next;
  }
}

function pickPoints(points: Points, indices: readonly number[]): Float64Array {
  const out = new Float64Array(indices.length * 3);
  for (const [i, p] of indices.entries()) for (let c = 0; c < 3; c++) out[i * 3 + c] = points[p * 3 + c];
  return out;
}

export interface RealyScanOptions {
  /** mm per unit that the scan is given in: the stiffness of bICP is tuned to REALY's unit. */
  readonly metricalScale?: number;
}

/** The mean of REALY's 100 subjects is 8.96. */
export const REALY_SCAN_DEFAULTS: { readonly metricalScale: number } = { metricalScale: 9 };

/**
 * A scan of one's own in REALY's form: regions cut out of one mesh, in REALY's unit.
 *
 * @param mesh mm
 * @param regions vertices of the mesh
 * @param keypoints [85, 3] mm
 * @returns the scan, and for each region the mesh's vertex behind each of its vertices
 */
export function realyScanFromMesh(
  mesh: RealyPrediction['mesh'],
  regions: Readonly<Record<FaceRegion, ArrayLike<number>>>,
  keypoints: Points,
  options: RealyScanOptions = {},
): { readonly scan: RealyScan; readonly vertices: Readonly<Record<FaceRegion, Uint32Array>> } {
  const metricalScale = options.metricalScale ?? REALY_SCAN_DEFAULTS.metricalScale;
  const shrink = (points: Points): Float64Array => Float64Array.from(points, (x) => x / metricalScale);
  const meshes = {} as Record<FaceRegion, { positions: Float64Array; triangles: Uint32Array }>;
  const vertices = {} as Record<FaceRegion, Uint32Array>;
  for (const region of REALY_REGIONS) {
    const wanted = new Set(Array.from(regions[region]));
    const part = subMesh(mesh, (v) => wanted.has(v));
    meshes[region] = { positions: shrink(part.positions), triangles: part.triangles };
    vertices[region] = part.vertices;
  }
  return { scan: { regions: meshes, keypoints: shrink(keypoints), metricalScale }, vertices };
}
