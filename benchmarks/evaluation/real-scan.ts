/**
 * The protocols on a real face, shared data's scan fran_cut: the model's mean head, random heads and the best in-model fit, by NoW
 * (both variants) and over the four regions. What a prediction's figure means can only be read beside these.
 *
 * The scan has no landmarks: it is rendered with its texture, our own landmarker finds them in the picture, and they
 * are put back on the scan's surface.
 *
 *   npx tsx --conditions=source benchmarks/evaluation/real-scan.ts [--picture FILE.png]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateNow, NOW_FROM_IBUG68, REALY_REGIONS, regionErrors } from '@likeness/core/evaluation';
import type { FaceRegion, NowResult } from '@likeness/core/evaluation';
import { fitModelToSurface } from '@likeness/core/fitting';
import type { FitModelToSurfaceOptions } from '@likeness/core/fitting';
import { createSurfaceTree, cropSphere, transformPoints } from '@likeness/core/geometry';
import type { Photo } from '@likeness/core/image';
import { evaluateModel, importIctFaceKit } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { rasterize } from '@likeness/core/render';
import { readMesh } from '@likeness/evaluation/datasets';
import { decodePhoto, encodePng, loadHeadModel } from '@likeness/node';
import { mean, openAnalyser, requireData, rounded, writeResult } from '../common.ts';
import { regionOfVertex } from './face-regions.ts';
import { landmarks68, randomIdentity, skinOf } from './scan-of-head.ts';

const RANDOM_HEADS = 8;
/** A scan vertex belongs to the region of the vertex nearest to it on the default model's aligned mean head. */
let scanRegionsOnce: Record<FaceRegion, number[]> | undefined;
const scan = await readScan();
const landmarks = await findLandmarks();
const seven = (points: ArrayLike<number>): Float32Array =>
  Float32Array.from(NOW_FROM_IBUG68.flatMap((l) => [points[l * 3], points[l * 3 + 1], points[l * 3 + 2]]));
const nowScan = { mesh: scan.mesh, landmarks: seven(landmarks) };

const models = [await loadHeadModel('likeness-head'), await ictModel()];
const results: Record<string, unknown> = {};
for (const model of models) results[model.name] = measureModel(model);
await writeResult('evaluation-real-scan', {
  scan: 'fran_cut',
  vertices: scan.mesh.positions.length / 3,
  results,
});

interface Row {
  readonly nowMeanMm: number;
  readonly nowMedianMm: number;
  readonly metricalMeanMm: number;
  readonly fourRegionsMm: number;
  readonly nose: number;
  readonly mouth: number;
  readonly forehead: number;
  readonly cheek: number;
}

function measureModel(model: MorphableModel): object {
  const first = evaluate(model, model.mean);
  const points = cropSphere(scan.mesh, first.free.cropCentre, first.free.cropRadiusMm).positions;
  const start = { landmarks, embedding: 'ibug68' };
  const fit = (of: MorphableModel, options: FitModelToSurfaceOptions): Row => {
    const found = fitModelToSurface(of, points, start, { scale: 'similarity', ...options });
    return rowOf(model, evaluate(model, evaluateModel(of, found.identity, found.expression)));
  };
  const strangers = Array.from({ length: RANDOM_HEADS }, (_, i) => ({
    ...model,
    mean: evaluateModel(model, randomIdentity(model, i + 1), []),
  }));
  const random = strangers.map((stranger) => rowOf(model, evaluate(model, stranger.mean)));
  // The person smiles: a head that may smile too is the fairer measure of identity.
  const smile = { identityCount: 0, expression: true, priorWeight: 0.01 };
  const smiling = strangers.map((stranger) => fit(stranger, smile));
  const rows: Record<string, Row> = {
    'mean head': rowOf(model, first),
    'random heads, mean of them': average(random),
    'mean head, best expression': fit(model, smile),
    'random heads, best expression, mean of them': average(smiling),
  };
  for (const priorWeight of [1, 0.1, 0.01, 0.001]) {
    rows[`best in-model fit, neutral, lambda ${priorWeight}`] = fit(model, { priorWeight });
    rows[`best in-model fit, lambda ${priorWeight}`] = fit(model, { priorWeight, expression: true });
  }
  rows["best in-model fit, lambda 0.001, the model's own size"] = fit(model, {
    priorWeight: 0.001,
    expression: true,
    scale: 'rigid',
  });
  console.log(model.name);
  console.table(rows);
  return {
    rows,
    randomHeadsNowMeanMm: random.map((row) => row.nowMeanMm),
    randomHeadsBestExpressionNowMeanMm: smiling.map((row) => row.nowMeanMm),
  };
}

function average(rows: readonly Row[]): Row {
  const of = (key: keyof Row): number => rounded(mean(rows.map((row) => row[key])));
  return {
    nowMeanMm: of('nowMeanMm'),
    nowMedianMm: of('nowMedianMm'),
    metricalMeanMm: of('metricalMeanMm'),
    fourRegionsMm: of('fourRegionsMm'),
    nose: of('nose'),
    mouth: of('mouth'),
    forehead: of('forehead'),
    cheek: of('cheek'),
  };
}

interface Both {
  readonly free: NowResult;
  readonly metrical: NowResult;
  readonly head: Float32Array;
}

function evaluate(model: MorphableModel, head: Float32Array): Both {
  const prediction = { mesh: skinOf(model, head), landmarks: seven(landmarks68(model, head)) };
  return {
    free: evaluateNow(nowScan, prediction),
    metrical: evaluateNow(nowScan, prediction, { metrical: true }),
    head,
  };
}

function rowOf(model: MorphableModel, { free, metrical, head }: Both): Row {
  scanRegionsOnce ??= regionsByMesh(model, head, free);
  const byRegion = regionErrors(free, scanRegionsOnce);
  const of = (region: FaceRegion): number => rounded(byRegion[region].meanMm);
  return {
    nowMeanMm: rounded(free.statistics.meanMm),
    nowMedianMm: rounded(free.statistics.medianMm),
    metricalMeanMm: rounded(metrical.statistics.meanMm),
    fourRegionsMm: rounded(mean(REALY_REGIONS.map((region) => byRegion[region].meanMm))),
    nose: of('nose'),
    mouth: of('mouth'),
    forehead: of('forehead'),
    cheek: of('cheek'),
  };
}

function regionsByMesh(
  model: MorphableModel,
  head: Float32Array,
  { similarity, vertices }: NowResult,
): Record<FaceRegion, number[]> {
  const skin = skinOf(model, transformPoints(head, similarity));
  const tree = createSurfaceTree(skin.positions, skin.triangles);
  const of = regionOfVertex(model);
  const out: Record<FaceRegion, number[]> = { nose: [], mouth: [], forehead: [], cheek: [] };
  for (const v of vertices) {
    const { triangle, barycentric } = tree.closestPoint(
      scan.mesh.positions[v * 3],
      scan.mesh.positions[v * 3 + 1],
      scan.mesh.positions[v * 3 + 2],
    );
    const corner = barycentric.indexOf(Math.max(...barycentric));
    const region = of[skin.triangles[triangle * 3 + corner]];
    if (region) out[region].push(v);
  }
  return out;
}

async function ictModel(): Promise<MorphableModel> {
  const folder = requireData('models');
  const bytes = await readFile(join(folder, 'ict-facekit-head.bin'));
  const json: unknown = JSON.parse(await readFile(join(folder, 'ict-facekit-head.json'), 'utf8'));
  const ict = importIctFaceKit(
    json,
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  );
  // Regions by the nearest vertex of the default model, once both heads stand in one place.
  return { ...ict, regions: transferRegions(await loadHeadModel('likeness-head'), ict) };
}

function transferRegions(from: MorphableModel, to: MorphableModel): Record<string, Float32Array> {
  const fit = fitModelToSurface(from, to.mean, {
    landmarks: landmarks68(to, to.mean),
    embedding: 'ibug68',
  });
  const skin = skinOf(from, fit.positions);
  const { triangles } = createSurfaceTree(skin.positions, skin.triangles).closestPoints(to.mean);
  return Object.fromEntries(
    Object.entries(from.regions).map(([name, weights]) => [
      name,
      Float32Array.from(triangles, (t) => weights[skin.triangles[t * 3]]),
    ]),
  );
}

/** Millimetres, outward triangles, turned to face +Z as its README entry says. */
async function readScan(): Promise<{
  mesh: { positions: Float32Array; triangles: Uint32Array };
  uvs: Float32Array;
}> {
  const raw = await readMesh(requireData('scans', 'fran_cut', 'fran_cut.vtk'));
  if (!raw.uvs) throw new Error('fran_cut.vtk has no texture coordinates.');
  const facing = Math.hypot(0.81, 0.59);
  const [sine, cosine] = [0.81 / facing, -0.59 / facing];
  const positions = new Float32Array(raw.positions.length);
  for (let i = 0; i < positions.length; i += 3) {
    // About +Y, (sine, 0, cosine) to (0, 0, 1).
    positions[i] = 1000 * (cosine * raw.positions[i] - sine * raw.positions[i + 2]);
    positions[i + 1] = 1000 * raw.positions[i + 1];
    positions[i + 2] = 1000 * (sine * raw.positions[i] + cosine * raw.positions[i + 2]);
  }
  const triangles = raw.triangles.slice();
  for (let t = 0; t < triangles.length; t += 3)
    [triangles[t + 1], triangles[t + 2]] = [raw.triangles[t + 2], raw.triangles[t + 1]];
  return { mesh: { positions, triangles }, uvs: raw.uvs };
}

/** [68, 3] on the scan's surface. */
async function findLandmarks(): Promise<Float32Array> {
  const size = 640;
  const texture = await decodePhoto(requireData('scans', 'fran_cut', 'fran_cut.png'));
  const { positions, triangles } = scan.mesh;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const [i, x] of positions.entries()) {
    low[i % 3] = Math.min(low[i % 3], x);
    high[i % 3] = Math.max(high[i % 3], x);
  }
  const pxPerMm = (0.6 * size) / Math.max(high[0] - low[0], high[1] - low[1]);
  const projected = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 3) {
    projected[i] = size / 2 + pxPerMm * (positions[i] - (low[0] + high[0]) / 2);
    projected[i + 1] = size / 2 - pxPerMm * (positions[i + 1] - (low[1] + high[1]) / 2);
    // Parallel projection: only the order of depths matters.
    projected[i + 2] = 1e6 - positions[i + 2];
  }
  const { triangleIds, barycentrics } = rasterize(projected, triangles, size, size);
  const photo: Photo = {
    width: size,
    height: size,
    channels: 3,
    data: new Uint8Array(size * size * 3).fill(110),
  };
  for (let p = 0; p < size * size; p++) {
    const t = triangleIds[p];
    if (t < 0) continue;
    let [u, v] = [0, 0];
    for (let k = 0; k < 3; k++) {
      u += barycentrics[p * 3 + k] * scan.uvs[triangles[t * 3 + k] * 2];
      v += barycentrics[p * 3 + k] * scan.uvs[triangles[t * 3 + k] * 2 + 1];
    }
    for (let c = 0; c < 3; c++) photo.data[p * 3 + c] = bilinear(texture, u, v, c);
  }
  const analyser = await openAnalyser();
  const [face] = await analyser.analyse(photo);
  await analyser.dispose();
  if (!face) throw new Error('No face was found in the render of fran_cut.');
  const tree = createSurfaceTree(projected, triangles);
  const out = new Float32Array(204);
  for (let l = 0; l < 68; l++) {
    const [x, y] = [face.points68[l * 2], face.points68[l * 2 + 1]];
    const pixel = Math.floor(y) * size + Math.floor(x);
    let t = triangleIds[pixel];
    let b: readonly number[] = [...barycentrics.subarray(pixel * 3, pixel * 3 + 3)];
    if (!(t >= 0)) {
      // Beside the scan: the nearest point of its outline.
      const hit = tree.closestPoint(x, y, 1e6 - high[2]);
      t = hit.triangle;
      b = hit.barycentric;
    }
    for (let c = 0; c < 3; c++)
      out[l * 3 + c] = [0, 1, 2].reduce((s, k) => s + b[k] * positions[triangles[t * 3 + k] * 3 + c], 0);
  }
  const at = process.argv.indexOf('--picture');
  if (at >= 0) {
    for (let l = 0; l < 68; l++) {
      const p = Math.floor(face.points68[l * 2 + 1]) * size + Math.floor(face.points68[l * 2]);
      photo.data.set([0, 255, 0], p * 3);
      photo.data.set([0, 255, 0], (p + 1) * 3);
    }
    await writeFile(process.argv[at + 1], await encodePng(photo));
  }
  return out;
}

function bilinear({ width, height, data }: Photo, u: number, v: number, c: number): number {
  const x = Math.min(Math.max(u * width - 0.5, 0), width - 1.001);
  const y = Math.min(Math.max(v * height - 0.5, 0), height - 1.001);
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - i, y - j];
  const at = (column: number, row: number): number => data[(row * width + column) * 3 + c];
  return Math.round(
    (1 - fy) * ((1 - fx) * at(i, j) + fx * at(i + 1, j)) +
      fy * ((1 - fx) * at(i, j + 1) + fx * at(i + 1, j + 1)),
  );
}
