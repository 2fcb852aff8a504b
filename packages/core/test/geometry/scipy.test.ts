/** Our geometry against NumPy's and SciPy's (fixtures/make-scipy.py and make-nicp.py say how each was computed). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  alignPoints,
  alignSurfaceToPoints,
  applyTransforms,
  createDeformationSolver,
  createPointTree,
  createSurfaceTree,
  nonRigidIcp,
  setIdentity,
  transformPoints,
  uniqueEdges,
} from '@likeness/core/geometry';

interface Fixtures {
  readonly procrustes: readonly {
    readonly source: readonly number[];
    readonly target: readonly number[];
    readonly disparity: number;
    readonly weights: readonly number[];
    readonly weightedRotation: readonly number[];
  }[];
  readonly closest: {
    readonly positions: readonly number[];
    readonly triangles: readonly number[];
    readonly queries: readonly number[];
    readonly distances: readonly number[];
    readonly nearestVertex: readonly number[];
    readonly vertexDistances: readonly number[];
  };
  readonly amberg: readonly {
    readonly alpha: number;
    readonly gamma: number;
    readonly beta: number;
    readonly positions: readonly number[];
    readonly triangles: readonly number[];
    readonly weights: readonly number[];
    readonly targets: readonly number[];
    readonly landmarks: readonly number[];
    readonly landmarkTargets: readonly number[];
    readonly moved: readonly number[];
  }[];
  readonly icp: readonly {
    readonly scale: 'rigid' | 'similarity';
    readonly positions: readonly number[];
    readonly triangles: readonly number[];
    readonly points: readonly number[];
    readonly rms: number;
    readonly foundScale: number;
  }[];
}

const fixtures = JSON.parse(
  readFileSync(new URL('fixtures/scipy.json', import.meta.url), 'utf8'),
) as Fixtures;

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

describe('alignPoints', () => {
  it.each(fixtures.procrustes)(
    'has the disparity of scipy.spatial.procrustes',
    ({ source, target, disparity }) => {
      const moved = transformPoints(Float64Array.from(source), alignPoints(source, target));
      const count = target.length / 3;
      const centre = [0, 1, 2].map(
        (c) => target.filter((_, i) => i % 3 === c).reduce((a, b) => a + b) / count,
      );
      let residual = 0;
      let spread = 0;
      for (let i = 0; i < target.length; i++) {
        residual += (moved[i] - target[i]) ** 2;
        spread += (target[i] - centre[i % 3]) ** 2;
      }
      expect(residual / spread).toBeCloseTo(disparity, 9);
    },
  );

  it.each(fixtures.procrustes)('has the weighted rotation of Rotation.align_vectors', (c) => {
    const { rotation } = alignPoints(c.source, c.target, {
      scale: 'rigid',
      weights: Float64Array.from(c.weights),
    });
    expect(largestDifference(rotation, c.weightedRotation)).toBeLessThan(1e-8);
  });
});

describe('closest points', () => {
  const { positions, triangles, queries, distances, nearestVertex, vertexDistances } = fixtures.closest;
  const vertices = Float64Array.from(positions);

  it('of a soup with flat and doubled triangles are those of a brute-force search', () => {
    const tree = createSurfaceTree(vertices, Uint32Array.from(triangles));
    expect(largestDifference(tree.closestPoints(queries).distances, distances)).toBeLessThan(1e-9);
  });

  it('among points are those of cKDTree', () => {
    const hits = createPointTree(vertices).closestPoints(queries);
    expect(largestDifference(hits.distances, vertexDistances)).toBeLessThan(1e-9);
    expect([...hits.triangles]).toEqual(nearestVertex);
  });
});

describe('createDeformationSolver', () => {
  it.each(fixtures.amberg)(
    'solves the system of Amberg et al. as SuperLU does (alpha $alpha, gamma $gamma)',
    (c) => {
      const positions = Float64Array.from(c.positions);
      const count = positions.length / 3;
      const dataWeights = Float64Array.from(c.weights, (w) => w * w);
      const dataTargets = Float64Array.from(c.targets, (u, i) => u * dataWeights[(i / 3) | 0]);
      for (const [l, v] of c.landmarks.entries()) {
        dataWeights[v] += c.beta ** 2;
        for (let k = 0; k < 3; k++) dataTargets[v * 3 + k] += c.beta ** 2 * c.landmarkTargets[l * 3 + k];
      }
      const solver = createDeformationSolver(count, uniqueEdges(Uint32Array.from(c.triangles)));
      const transforms = new Float64Array(count * 12);
      setIdentity(transforms);
      const iterations = solver.solve(
        { positions, dataWeights, dataTargets, stiffness: c.alpha, balance: [1, 1, 1, c.gamma] },
        transforms,
        { tolerance: 1e-9, maxIterations: 500 },
      );
      expect(iterations).toBeLessThan(100);
      expect(largestDifference(applyTransforms(transforms, positions), c.moved)).toBeLessThan(1e-6);
    },
  );
});

describe('alignSurfaceToPoints', () => {
  it.each(fixtures.icp)('ends where scipy.optimize.least_squares does ($scale)', (c) => {
    const tree = createSurfaceTree(Float64Array.from(c.positions), Uint32Array.from(c.triangles));
    for (const method of ['distance', 'point-to-point'] as const) {
      const { rms, similarity } = alignSurfaceToPoints(tree, Float64Array.from(c.points), {
        scale: c.scale,
        method,
        maxIterations: 5000,
        tolerance: 1e-10,
      });
      expect(rms).toBeCloseTo(c.rms, 4);
      expect(similarity.scale).toBeCloseTo(c.foundScale, 3);
    }
  });
});

interface NicpFixture {
  readonly source: readonly number[];
  readonly sourceTriangles: readonly number[];
  readonly target: readonly number[];
  readonly targetTriangles: readonly number[];
  readonly landmarks: readonly number[];
  readonly landmarkTargets: readonly number[];
  readonly bent: readonly number[];
  readonly matched: readonly number[];
  readonly iterations: number;
  /** Least share of vertices that passed the normal test in an iteration. */
  readonly fewestMatched: number;
}

it('nonRigidIcp goes the way of a loop over SuperLU, step by step', () => {
  const c = JSON.parse(readFileSync(new URL('fixtures/nicp.json', import.meta.url), 'utf8')) as NicpFixture;
  const { positions, matched, iterations } = nonRigidIcp(
    { positions: Float64Array.from(c.source), triangles: Uint32Array.from(c.sourceTriangles) },
    { positions: Float64Array.from(c.target), triangles: Uint32Array.from(c.targetTriangles) },
    {
      landmarks: { vertices: c.landmarks, targets: c.landmarkTargets },
      rejectBorder: false,
      maxIterationsPerStage: 100,
      solverTolerance: 1e-9,
    },
  );
  expect(c.fewestMatched).toBeLessThan(1);
  expect(iterations).toBe(c.iterations);
  expect([...matched]).toEqual(c.matched);
  expect(largestDifference(positions, c.bent)).toBeLessThan(1e-3);
});
