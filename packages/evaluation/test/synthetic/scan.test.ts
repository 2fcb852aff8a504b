/** `--scan`: a coarse head in centimetres, upright along +Z and turned away, becomes truth, is photographed and measured. */
import { alignPoints, createSurfaceTree, transformPoints } from '@likeness/core/geometry';
import { landmarkPositions } from '@likeness/core/model';
import { openLikeness } from '@likeness/node';
import type { Likeness } from '@likeness/node';
import { headRotation } from '@likeness/training/landmarks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeObjText } from '../../src/datasets/read-obj.ts';
import { faceMetric } from '../../src/synthetic/face-metric.ts';
import { createOracle } from '../../src/synthetic/oracle.ts';
import { createSkinPainter } from '../../src/synthetic/paint-skin.ts';
import { openScanTruth } from '../../src/synthetic/scan-truth.ts';
import { measureScan } from '../../src/synthetic/scan-view.ts';
import { summariseScans } from '../../src/synthetic/summarise-scans.ts';
import { openTruthSource } from '../../src/synthetic/truth-source.ts';
import { drawnShape } from '../datasets/rendered.ts';
import { temporaryFolder } from '../datasets/temporary-folder.ts';

const folder = temporaryFolder();
let likeness: Likeness;
beforeAll(async () => {
  likeness = await openLikeness();
});
afterAll(async () => {
  await likeness.dispose();
});

/** Vertices in one cell of a grid become one: another mesh of the same surface. */
function clustered(
  positions: Float32Array,
  triangles: Uint32Array,
  cellMm: number,
): { positions: Float32Array; triangles: number[] } {
  const cells = new Map<string, number>();
  const sums: number[] = [];
  const counts: number[] = [];
  const cellOf = Uint32Array.from({ length: positions.length / 3 }, (_, v) => {
    const place = positions.subarray(3 * v, 3 * v + 3);
    const key = place.map((x) => Math.floor(x / cellMm)).join(' ');
    const cell = cells.get(key) ?? cells.size;
    cells.set(key, cell);
    for (let c = 0; c < 3; c++) sums[3 * cell + c] = (sums[3 * cell + c] ?? 0) + place[c];
    counts[cell] = (counts[cell] ?? 0) + 1;
    return cell;
  });
  const out: number[] = [];
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [cellOf[triangles[t]], cellOf[triangles[t + 1]], cellOf[triangles[t + 2]]];
    if (a !== b && b !== c && a !== c) out.push(a, b, c);
  }
  return { positions: Float32Array.from(sums, (x, i) => x / counts[Math.floor(i / 3)]), triangles: out };
}

it('a head scan is found, aligned, photographed and measured', async () => {
  const { model } = likeness;
  const head = drawnShape(model);
  const coarse = clustered(head, model.triangles, 5);
  expect(coarse.positions.length).toBeLessThan(head.length / 2);
  const turned = transformPoints(coarse.positions, {
    scale: 0.1,
    rotation: Float64Array.from(headRotation(30, 0, 0)),
    translation: new Float64Array(3),
  });
  const upZ = turned.map((x, i) => [x + 12, 3 - turned[i + 1], turned[i - 1] + 160][i % 3]);
  const file = folder.write('coarse.obj', writeObjText(upZ, coarse.triangles));

  const metric = faceMetric(model);
  const oracle = createOracle(model, metric.weights);
  const scan = await openScanTruth(file, likeness, metric, oracle);
  expect(scan.name).toBe('coarse.obj');
  // Unit, frame and winding: the true head lies on the scan once the true landmarks lie on those that were found.
  const firm = (points: ArrayLike<number>): number[] => Array.from(points).slice(3 * 17);
  const frame = alignPoints(
    firm(landmarkPositions(model, model.landmarks['ibug68'], head)),
    firm(scan.truth.landmarks),
    { scale: 'rigid' },
  );
  const tree = createSurfaceTree(scan.positions, scan.truth.mesh.triangles);
  const meanDistanceMm = (positions: ArrayLike<number>): number =>
    metric.weights.reduce(
      (sum, weight, v) =>
        weight > 0
          ? sum +
            weight * tree.closestPoint(positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]).distance
          : sum,
      0,
    );
  const [aligned, best] = [meanDistanceMm(transformPoints(head, frame)), meanDistanceMm(scan.oracle)];
  console.log(`scan: true head ${aligned.toFixed(2)} mm from it by landmarks, oracle ${best.toFixed(2)} mm`);
  expect(aligned).toBeLessThan(2);
  expect(best).toBeLessThan(0.7);
  expect(best).toBeLessThan(0.5 * meanDistanceMm(model.mean));

  const world = {
    likeness,
    source: await openTruthSource(model, undefined),
    painter: createSkinPainter(model, undefined),
    metric,
    oracle,
    templateSkin: undefined,
    seed: 1,
    preset: 'draft',
    icp: true,
  } as const;
  const view = await measureScan(world, scan, 0, 0);
  const { result, tables, pictures } = summariseScans([view]);
  expect(result).toMatchObject({ 'coarse.obj': { views: 1, fitted: 1 } });
  expect(view.icp?.oracle.realyMm).toBeLessThan(view.icp?.ours.realyMm ?? 0);
  expect(view.icp?.ours.realyMm).toBeLessThan(4);
  expect(tables.length).toBeGreaterThan(0);
  expect(pictures.length).toBeGreaterThan(0);
});
