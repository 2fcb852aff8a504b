/**
 * Non-rigid registration: a source mesh is bent onto a target surface, stiffly first, then less and less (Amberg, Romdhani &
 * Vetter 2007, "Optimal Step Nonrigid ICP Algorithms for Surface Registration"). It brings scans into one topology
 * (GANFIT's protocol) and serves wherever a template has to follow a surface.
 */
import { createSurfaceTree } from './closest-point.ts';
import type { SurfaceHits } from './closest-point.ts';
import { createDeformationSolver } from './deformation-solver.ts';
import { borderTriangles, uniqueEdges } from './mesh-edges.ts';
import { vertexNormals } from './vertex-normals.ts';

/** A surface in any unit; both meshes in the same one. */
export interface RegistrationMesh {
  /** [V, 3] */
  readonly positions: Float32Array | Float64Array;
  /** [T, 3] */
  readonly triangles: Uint32Array;
}

export interface NonRigidIcpStage {
  /** Amberg's alpha, for a source whose bounding box has diagonal 1 (the positions are brought to it). */
  readonly stiffness: number;
  /** Amberg's beta. */
  readonly landmarkWeight: number;
}

export interface NonRigidIcpOptions {
  readonly stages?: readonly NonRigidIcpStage[];
  /** Vertices of the source and where they belong. */
  readonly landmarks?: { readonly vertices: ArrayLike<number>; readonly targets: ArrayLike<number> };
  /** Amberg's gamma: what a change of translation costs beside one of rotation, skew and scale. */
  readonly translationWeight?: number;
  /**
   * What the transforms act on: the vertices of the last iteration (as menpo and REALY have it: stiffness forgets, so the
   * surface may drift far) or of the source (Amberg's paper: stiffness is towards one global affine map).
   */
  readonly reference?: 'current' | 'source';
  /** Pairs whose normals meet at a smaller cosine are left out; -1 keeps all. */
  readonly minNormalCosine?: number;
  /** Leave out pairs whose closest point is on a triangle at the target's border. */
  readonly rejectBorder?: boolean;
  /** Pairs farther apart are left out, in the positions' unit. */
  readonly maxDistance?: number;
  /** A stage ends when the root mean square change of the transforms' entries falls below. */
  readonly tolerance?: number;
  readonly maxIterationsPerStage?: number;
  /** Error of each linear solve, in units of the source's bounding box diagonal. */
  readonly solverTolerance?: number;
}

export const NON_RIGID_ICP_DEFAULTS: {
  readonly stages: readonly NonRigidIcpStage[];
  readonly translationWeight: number;
  readonly reference: 'current' | 'source';
  readonly minNormalCosine: number;
  readonly rejectBorder: boolean;
  readonly maxDistance: number;
  readonly tolerance: number;
  readonly maxIterationsPerStage: number;
  readonly solverTolerance: number;
} = {
  // menpo3d's values for well-aligned faces, under which GANFIT's ground truth was made.
  stages: [
    { stiffness: 50, landmarkWeight: 5 },
    { stiffness: 20, landmarkWeight: 2 },
    { stiffness: 5, landmarkWeight: 0.5 },
    { stiffness: 2, landmarkWeight: 0 },
    { stiffness: 0.8, landmarkWeight: 0 },
    { stiffness: 0.5, landmarkWeight: 0 },
    { stiffness: 0.35, landmarkWeight: 0 },
    { stiffness: 0.2, landmarkWeight: 0 },
  ],
  translationWeight: 1,
  reference: 'current',
  minNormalCosine: 0.9,
  rejectBorder: true,
  maxDistance: Infinity,
  tolerance: 1e-3,
  maxIterationsPerStage: 20,
  solverTolerance: 1e-6,
};

export interface NonRigidIcpResult {
  /** [V, 3] the source's vertices on the target. */
  readonly positions: Float64Array;
  /** [V] 1 where the last iteration had a target: elsewhere only stiffness spoke. */
  readonly matched: Uint8Array;
  readonly iterations: number;
  readonly solverIterations: number;
}

/**
 * @param source bent; vertices without triangles stay where they are unless they are landmarks
 * @param target fixed, roughly aligned (a few percent of its size)
 * @throws RangeError when an option is out of range or no vertex finds a partner
 */
export function nonRigidIcp(
  source: RegistrationMesh,
  target: RegistrationMesh,
  options: NonRigidIcpOptions = {},
): NonRigidIcpResult {
  const settings = { ...NON_RIGID_ICP_DEFAULTS, ...withoutUndefined(options) };
  const count = source.positions.length / 3;
  const { toUnit, fromUnit, diagonal } = unitBox(source.positions);
  const tree = createSurfaceTree(toUnit(target.positions), target.triangles);
  const border = settings.rejectBorder ? borderTriangles(target.triangles) : undefined;
  const faceNormals = settings.minNormalCosine > -1 ? triangleNormals(target) : undefined;
  const solver = createDeformationSolver(count, uniqueEdges(source.triangles));
  const landmarks = unitLandmarks(options.landmarks, count, toUnit);

  const rest = toUnit(source.positions);
  let current: Float64Array = rest.slice();
  const transforms = new Float64Array(count * 12);
  const previous = new Float64Array(count * 12);
  const dataWeights = new Float64Array(count);
  const dataTargets = new Float64Array(count * 3);
  const matched = new Uint8Array(count);
  const normals = new Float32Array(count * 3);
  const limit = settings.maxDistance / diagonal;
  const used = new Uint8Array(count);
  for (const v of source.triangles) used[v] = 1;
  setIdentity(transforms);
  let hits: SurfaceHits | undefined;
  let iterations = 0;
  let solverIterations = 0;

  for (const { stiffness, landmarkWeight } of settings.stages) {
    for (let step = 0; step < settings.maxIterationsPerStage; step++) {
      hits = tree.closestPoints(current, hits);
      if (faceNormals) vertexNormals(current, source.triangles, normals);
      for (let i = 0; i < count; i++) {
        const t = hits.triangles[i];
        let keep = used[i] === 1 && hits.distances[i] <= limit && !(border && border[t] === 1);
        if (keep && faceNormals) {
          const cosine =
            normals[i * 3] * faceNormals[t * 3] +
            normals[i * 3 + 1] * faceNormals[t * 3 + 1] +
            normals[i * 3 + 2] * faceNormals[t * 3 + 2];
          keep = cosine > settings.minNormalCosine;
        }
        matched[i] = keep ? 1 : 0;
        dataWeights[i] = matched[i];
        for (let c = 0; c < 3; c++) dataTargets[i * 3 + c] = keep ? hits.points[i * 3 + c] : 0;
      }
      const squared = landmarkWeight * landmarkWeight;
      for (let l = 0; l < landmarks.vertices.length; l++) {
        const v = landmarks.vertices[l];
        dataWeights[v] += squared;
        for (let c = 0; c < 3; c++) dataTargets[v * 3 + c] += squared * landmarks.targets[l * 3 + c];
      }
      if (settings.reference === 'current') setIdentity(transforms);
      const base = settings.reference === 'current' ? current : rest;
      solverIterations += solver.solve(
        {
          positions: base,
          dataWeights,
          dataTargets,
          stiffness,
          balance: [1, 1, 1, settings.translationWeight],
        },
        transforms,
        { tolerance: settings.solverTolerance, maxIterations: 1000 },
      );
      current = applyTransforms(transforms, base);
      let change = 0;
      for (let i = 0; i < transforms.length; i++) {
        change += (transforms[i] - previous[i]) ** 2;
        previous[i] = transforms[i];
      }
      iterations++;
      if (Math.sqrt(change / transforms.length) < settings.tolerance) break;
    }
  }
  return { positions: fromUnit(current), matched, iterations, solverIterations };
}

/** [V, 3] of v_i' X_i. */
export function applyTransforms(transforms: Float64Array, positions: Float64Array): Float64Array {
  const out = new Float64Array(positions.length);
  for (let i = 0, r = 0; i < positions.length; i += 3, r += 12)
    for (let c = 0; c < 3; c++)
      out[i + c] =
        positions[i] * transforms[r + c] +
        positions[i + 1] * transforms[r + 3 + c] +
        positions[i + 2] * transforms[r + 6 + c] +
        transforms[r + 9 + c];
  return out;
}

/** Every X_i = [I; 0]. */
export function setIdentity(transforms: Float64Array): void {
  transforms.fill(0);
  for (let r = 0; r < transforms.length; r += 12) transforms[r] = transforms[r + 4] = transforms[r + 8] = 1;
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

interface UnitBox {
  readonly toUnit: (points: ArrayLike<number>) => Float64Array;
  readonly fromUnit: (points: Float64Array) => Float64Array;
  readonly diagonal: number;
}

function unitBox(positions: ArrayLike<number>): UnitBox {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    low[i % 3] = Math.min(low[i % 3], positions[i]);
    high[i % 3] = Math.max(high[i % 3], positions[i]);
  }
  const diagonal = Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]);
  if (!(diagonal > 0) || !Number.isFinite(diagonal))
    throw new RangeError('nonRigidIcp: the source has no extent, or a position that is not finite.');
  const centre = low.map((v, c) => (v + high[c]) / 2);
  return {
    diagonal,
    toUnit: (points) =>
      Float64Array.from({ length: points.length }, (_, i) => (points[i] - centre[i % 3]) / diagonal),
    fromUnit: (points) => points.map((v, i) => v * diagonal + centre[i % 3]),
  };
}

function unitLandmarks(
  landmarks: NonRigidIcpOptions['landmarks'],
  count: number,
  toUnit: UnitBox['toUnit'],
): { vertices: ArrayLike<number>; targets: Float64Array } {
  if (!landmarks) return { vertices: [], targets: new Float64Array(0) };
  const { vertices, targets } = landmarks;
  if (targets.length !== vertices.length * 3)
    throw new RangeError(
      `nonRigidIcp: ${vertices.length} landmark vertices need [N, 3] targets, received ${targets.length} numbers.`,
    );
  for (let l = 0; l < vertices.length; l++)
    if (!(vertices[l] >= 0 && vertices[l] < count))
      throw new RangeError(`nonRigidIcp: landmark ${l} names vertex ${vertices[l]} of ${count} vertices.`);
  return { vertices, targets: toUnit(targets) };
}

/** [T, 3] unit normals; zero for a triangle without area. */
function triangleNormals({ positions, triangles }: RegistrationMesh): Float64Array {
  const normals = new Float64Array(triangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t] * 3;
    const b = triangles[t + 1] * 3;
    const c = triangles[t + 2] * 3;
    const ux = positions[b] - positions[a];
    const uy = positions[b + 1] - positions[a + 1];
    const uz = positions[b + 2] - positions[a + 2];
    const vx = positions[c] - positions[a];
    const vy = positions[c + 1] - positions[a + 1];
    const vz = positions[c + 2] - positions[a + 2];
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    const length = Math.hypot(nx, ny, nz) || 1;
    normals[t] = nx / length;
    normals[t + 1] = ny / length;
    normals[t + 2] = nz / length;
  }
  return normals;
}
