/** Every protocol against a second implementation in NumPy and SciPy (fixtures/make-protocols.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  evaluateFlorence,
  evaluateNow,
  evaluateRealy,
  NOW_FROM_IBUG68,
  REALY_REGIONS,
} from '@likeness/core/evaluation';
import type { FaceRegion, RealyScan, SurfaceMesh } from '@likeness/core/evaluation';
import { IDENTITY_SIMILARITY } from '@likeness/core/geometry';
import { pointsAt } from './toy-head.ts';

interface NowFixture {
  readonly vertices: readonly number[];
  readonly errors: readonly number[];
  readonly radius: readonly [number];
}

interface Fixture {
  readonly prediction: readonly number[];
  readonly triangles: readonly number[];
  readonly landmarkIds: readonly number[];
  readonly scan: readonly number[];
  readonly scanTriangles: readonly number[];
  /** [85, 3] */
  readonly scanKeypoints: readonly number[];
  readonly now: NowFixture;
  readonly nowMetrical: NowFixture;
  readonly registered: readonly number[];
  readonly florence: readonly [number, number];
  readonly realy: Readonly<
    Record<
      FaceRegion,
      {
        readonly vertices: readonly number[];
        readonly triangles: readonly number[];
        readonly errors: readonly number[];
      }
    >
  >;
}

const fixture = JSON.parse(
  readFileSync(new URL('fixtures/protocols.json', import.meta.url), 'utf8'),
) as Fixture;
const meshOf = (positions: readonly number[], triangles: readonly number[]): SurfaceMesh => ({
  positions: Float64Array.from(positions),
  triangles: Uint32Array.from(triangles),
});
const prediction = meshOf(fixture.prediction, fixture.triangles);
const keypoints = pointsAt(fixture.prediction, fixture.landmarkIds);
const landmarkIds = fixture.landmarkIds.slice(0, 68);
const METRICAL_SCALE = 9;

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

it.each([false, true])('NoW (metrical %s)', (metrical) => {
  const expected = metrical ? fixture.nowMetrical : fixture.now;
  const sevenOf = (points: ArrayLike<number>): Float64Array => pointsAt(points, NOW_FROM_IBUG68);
  const result = evaluateNow(
    { mesh: meshOf(fixture.scan, fixture.scanTriangles), landmarks: sevenOf(fixture.scanKeypoints) },
    { mesh: prediction, landmarks: sevenOf(keypoints) },
    { metrical },
  );
  expect(result.cropRadiusMm).toBeCloseTo(expected.radius[0], 7);
  expect([...result.vertices]).toEqual(expected.vertices);
  // Two minimisers of one function: SciPy's side creeps there by closest pairs and stops a few micrometres short.
  expect(result.statistics.meanMm).toBeCloseTo(
    expected.errors.reduce((a, b) => a + b) / expected.errors.length,
    3,
  );
  expect(largestDifference(result.errorsMm, expected.errors)).toBeLessThan(5e-3);
});

it("Florence as GANFIT's authors coded it", () => {
  const registration = {
    positions: Float64Array.from(fixture.registered),
    landmarks: pointsAt(fixture.registered, landmarkIds),
    similarity: IDENTITY_SIMILARITY,
  };
  const { scans } = evaluateFlorence(
    [registration],
    fixture.prediction,
    { mesh: prediction, landmarkIds },
    { radiusMm: 80 },
  );
  const { registeredToPrediction, predictionToRegistered } = scans[0];
  expect(registeredToPrediction.statistics.meanMm).toBeCloseTo(fixture.florence[0], 7);
  expect(predictionToRegistered.statistics.meanMm).toBeCloseTo(fixture.florence[1], 7);
});

describe('REALY', () => {
  const regions = {} as Record<FaceRegion, SurfaceMesh>;
  for (const region of REALY_REGIONS) {
    const { vertices, triangles } = fixture.realy[region];
    regions[region] = meshOf(
      vertices.flatMap((v) => [0, 1, 2].map((c) => fixture.scan[v * 3 + c] / METRICAL_SCALE)),
      triangles,
    );
  }
  const scan: RealyScan = {
    regions,
    keypoints: fixture.scanKeypoints.map((x) => x / METRICAL_SCALE),
    metricalScale: METRICAL_SCALE,
  };
  const result = evaluateRealy(scan, { mesh: prediction, keypoints });

  it.each(REALY_REGIONS)('%s', (region) => {
    const { errors } = fixture.realy[region];
    expect(result.regions[region].errorMm).toBeCloseTo(errors.reduce((a, b) => a + b) / errors.length, 3);
    expect(largestDifference(result.regions[region].errorsMm, errors)).toBeLessThan(0.02);
  });
});
