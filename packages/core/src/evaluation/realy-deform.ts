/**
 * REALY's bICP step: non-rigid ICP of a scan's region onto the prediction, with the authors' schedule. Unlike textbook
 * registration the targets are a fixed set, the prediction's points closest to the undeformed scan vertices, and each step seeks
 * the nearest of that set.
 */
import {
  applyTransforms,
  createDeformationSolver,
  createPointTree,
  setIdentity,
  uniqueEdges,
} from '../geometry/index.ts';
import type { SurfaceTree, SurfaceHits } from '../geometry/index.ts';

export interface RealyGuides {
  /** [K, 3] keypoints on the scan: their nearest scan vertices are drawn. */
  readonly onScan: Float64Array;
  /** [K, 3] where to. */
  readonly onPrediction: Float64Array;
}

const STIFFNESS = 50;
const FIRST_STIFFNESS = 150;
const KEYPOINT_WEIGHT = 50;
const LEVELS = 3;
const MAX_STEPS_WITH_GUIDES = 11;
/** The authors set no limit without keypoints; this one was never reached. */
const MAX_STEPS = 100;
/** Pairs farther than this many scan units, and than twice the mean, are left out. */
const LEAST_DISTANCE_LIMIT = 1;
const SOLVER = { tolerance: 1e-5, maxIterations: 1000 };

/**
 * @param region scan vertices and triangles, REALY's unit
 * @param surface of the aligned prediction
 * @returns [V, 3] the region bent onto the prediction
 */
export function deformRealyRegion(
  region: { readonly positions: Float64Array; readonly triangles: Uint32Array },
  surface: SurfaceTree,
  guides: RealyGuides | undefined,
): Float64Array {
  const count = region.positions.length / 3;
  const targets = createPointTree(surface.closestPoints(region.positions).points);
  const solver = createDeformationSolver(count, uniqueEdges(region.triangles));
  const transforms = new Float64Array(count * 12);
  const previous = new Float64Array(count * 12).fill(1);
  const dataWeights = new Float64Array(count);
  const dataTargets = new Float64Array(count * 3);
  let current: Float64Array = region.positions;
  let change = Infinity;

  // Two keypoints on one vertex: the weight counts once, and the later keypoint's target.
  const drawn = new Map<number, number>();
  if (guides) {
    const nearest = createPointTree(region.positions).closestPoints(guides.onScan).triangles;
    for (const [k, v] of nearest.entries()) drawn.set(v, k);
  }
  /** @returns how much the transforms differ from the last ones. */
  const solve = (stiffness: number, balance: readonly [number, number, number, number]): number => {
    setIdentity(transforms);
    solver.solve({ positions: current, dataWeights, dataTargets, stiffness, balance }, transforms, SOLVER);
    current = applyTransforms(transforms, current);
    let sum = 0;
    for (let i = 0; i < transforms.length; i++) {
      sum += (transforms[i] - previous[i]) ** 2;
      previous[i] = transforms[i];
    }
    return Math.sqrt(sum);
  };
  const addGuides = (weight: number): void => {
    if (!guides) return;
    for (const [v, k] of drawn) {
      dataWeights[v] += weight * weight;
      for (let c = 0; c < 3; c++) dataTargets[v * 3 + c] += weight * weight * guides.onPrediction[k * 3 + c];
    }
  };

  let steps = 0;
  if (guides) {
    // First the keypoints alone, very stiff, with a balance of its own.
    dataWeights.fill(0);
    dataTargets.fill(0);
    addGuides(KEYPOINT_WEIGHT);
    change = solve(FIRST_STIFFNESS, [2, 2, 3, 2]);
    steps++;
  }
  let hits: SurfaceHits | undefined;
  for (let level = 0; level < LEVELS; level++) {
    const limit = guides ? MAX_STEPS_WITH_GUIDES : MAX_STEPS;
    const enough = 0.5 ** level;
    for (let step = 0; step < limit; step++) {
      if (change <= enough) break;
      hits = targets.closestPoints(current, hits);
      const { points, distances } = hits;
      const far = Math.max((2 * distances.reduce((a, b) => a + b, 0)) / count, LEAST_DISTANCE_LIMIT);
      for (let i = 0; i < count; i++) {
        dataWeights[i] = distances[i] < far ? 1 : 0;
        for (let c = 0; c < 3; c++) dataTargets[i * 3 + c] = dataWeights[i] * points[i * 3 + c];
      }
      addGuides((KEYPOINT_WEIGHT * Math.exp(-0.9 * steps)) / 10);
      change = solve(STIFFNESS * Math.exp(-0.5 * level), [1, 1, 1, 1]);
      steps++;
    }
  }
  return current;
}
