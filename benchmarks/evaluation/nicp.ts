/**
 * Speed and accuracy of registration on scans whose truth is known: a 60,000-vertex scan of a head of the model, with
 * 0.05 mm of noise, against the model's mean head of about 11,000 vertices. Non-rigid ICP bends the head onto the scan
 * (Florence) and the scan's regions onto the head (REALY; for its time alone: so fine a scan of 60,000 vertices ends below the
 * brows, whose keypoints REALY needs). Times are processor time of one process.
 *
 *   npx tsx --conditions=source benchmarks/evaluation/nicp.ts
 */
import { evaluateNow, evaluateRealy, NOW_FROM_IBUG68, realyScanFromMesh } from '@likeness/core/evaluation';
import {
  alignPoints,
  alignSurfaceToPoints,
  createSurfaceTree,
  nonRigidIcp,
  transformPoints,
} from '@likeness/core/geometry';
import { loadHeadModel } from '@likeness/node';
import { rounded, writeResult } from '../common.ts';
import { keypoints85, scanRegions } from './face-regions.ts';
import { landmarks68, scanOfHead, skinOf } from './scan-of-head.ts';

const SCAN_VERTICES = 60_000;
const model = await loadHeadModel('likeness-head');
const template = skinOf(model, model.mean);
const templateLandmarks = landmarks68(model, model.mean);
const rows: Record<string, number>[] = [];

function seconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function meanDistance(a: ArrayLike<number>, b: ArrayLike<number>, vertices: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vertices.length; i++) {
    const v = vertices[i] * 3;
    sum += Math.hypot(a[v] - b[v], a[v + 1] - b[v + 1], a[v + 2] - b[v + 2]);
  }
  return sum / vertices.length;
}

for (const seed of [1, 2, 3]) {
  const scan = scanOfHead(model, seed, SCAN_VERTICES, 0.05);
  const row: Record<string, number> = {
    seed,
    scanVertices: scan.mesh.vertices.length,
    reachMm: scan.reachMm,
  };

  let start = process.cpuUsage();
  const tree = createSurfaceTree(template.positions, template.triangles);
  row['treeSeconds'] = seconds(start);
  start = process.cpuUsage();
  tree.closestPoints(scan.mesh.positions);
  row['closestPointsSeconds'] = seconds(start);

  start = process.cpuUsage();
  const initial = alignPoints(templateLandmarks, scan.landmarks);
  const rigid = alignSurfaceToPoints(tree, scan.mesh.positions, { initial, scale: 'similarity' });
  row['icpSeconds'] = seconds(start);
  row['icpIterations'] = rigid.iterations;

  start = process.cpuUsage();
  const placed = { ...template, positions: transformPoints(template.positions, rigid.similarity) };
  const landmarkVertices = nearestVertices(
    placed.positions,
    transformPoints(templateLandmarks, rigid.similarity),
  );
  const bent = nonRigidIcp(placed, scan.mesh, {
    landmarks: { vertices: landmarkVertices, targets: scan.landmarks },
  });
  row['nicpSeconds'] = seconds(start);
  row['nicpIterations'] = bent.iterations;
  row['solverIterations'] = bent.solverIterations;
  row['totalSeconds'] =
    row['treeSeconds'] + row['closestPointsSeconds'] + row['icpSeconds'] + row['nicpSeconds'];
  const seen = Array.from(bent.matched.keys()).filter((v) => bent.matched[v] === 1);
  const surface = createSurfaceTree(scan.mesh.positions, scan.mesh.triangles);
  const gaps = surface.closestPoints(bent.positions).distances;
  row['surfaceMm'] = seen.reduce((sum, v) => sum + gaps[v], 0) / seen.length;
  row['correspondenceBeforeMm'] = meanDistance(placed.positions, scan.truth, seen);
  row['correspondenceAfterMm'] = meanDistance(bent.positions, scan.truth, seen);

  const byRegion = scanRegions(model, scan.mesh, scan.truth);
  start = process.cpuUsage();
  const realy = realyScanFromMesh(scan.mesh, byRegion, keypoints85(model, scan.truth));
  evaluateRealy(realy.scan, { mesh: template, keypoints: keypoints85(model, model.mean) });
  row['realySeconds'] = seconds(start);
  row['realyVertices'] = Object.values(realy.vertices).reduce((sum, list) => sum + list.length, 0);

  start = process.cpuUsage();
  const seven = (points: Float32Array): Float32Array =>
    Float32Array.from(NOW_FROM_IBUG68.flatMap((l) => [points[l * 3], points[l * 3 + 1], points[l * 3 + 2]]));
  const now = evaluateNow(
    { mesh: scan.mesh, landmarks: seven(scan.landmarks) },
    { mesh: template, landmarks: seven(templateLandmarks) },
  );
  row['nowSeconds'] = seconds(start);
  row['nowMeanMm'] = now.statistics.meanMm;
  for (const key of Object.keys(row)) row[key] = rounded(row[key]);
  console.table([row]);
  rows.push(row);
}
await writeResult('evaluation-nicp', { model: model.name, noiseMm: 0.05, rows });

function nearestVertices(positions: Float32Array, points: Float32Array): number[] {
  return Array.from({ length: points.length / 3 }, (_, l) => {
    let best = 0;
    let least = Infinity;
    for (let v = 0; v < positions.length / 3; v++) {
      const d =
        (positions[v * 3] - points[l * 3]) ** 2 +
        (positions[v * 3 + 1] - points[l * 3 + 1]) ** 2 +
        (positions[v * 3 + 2] - points[l * 3 + 2]) ** 2;
      if (d < least) {
        least = d;
        best = v;
      }
    }
    return best;
  });
}
