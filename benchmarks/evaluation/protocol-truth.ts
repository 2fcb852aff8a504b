/**
 * What each protocol makes of errors that are known: predictions of likeness-head against scans of its own heads, where the
 * true error is that of corresponding vertices. A measure is good if it orders predictions as the truth does; below 1, "share" says
 * how much of the true error it reports.
 *
 *   npx tsx --conditions=source benchmarks/evaluation/protocol-truth.ts [--heads N]
 */
import {
  correspondenceError,
  evaluateFlorence,
  evaluateFlorencePlane,
  evaluateNow,
  evaluateRealy,
  NOW_FROM_IBUG68,
  realyScanFromMesh,
  registerFlorenceScan,
} from '@likeness/core/evaluation';
import { createPointTree, cropSphere } from '@likeness/core/geometry';
import { evaluateModel } from '@likeness/core/model';
import { loadHeadModel } from '@likeness/node';
import { mean, rounded, writeResult } from '../common.ts';
import { keypoints85, regionOfVertex, scanRegions } from './face-regions.ts';
import { gaussian, landmarks68, randomIdentity, skinOf } from './scan-of-head.ts';

const at = process.argv.indexOf('--heads');
const HEADS = at >= 0 ? Number(process.argv[at + 1]) : 4;
const STRANGERS = 5;
const NOISE_MM = 0.05;
const REACH_MM = 110;

const model = await loadHeadModel('likeness-head');
const meanSkin = skinOf(model, model.mean);
const faceVertices = regionOfVertex(model).flatMap((region, v) => (region ? [v] : []));
const landmarkIds = Array.from(
  createPointTree(meanSkin.positions).closestPoints(landmarks68(model, model.mean)).triangles,
);
const template = { mesh: meanSkin, landmarkIds };
const seven = (points: Float32Array): Float32Array =>
  Float32Array.from(NOW_FROM_IBUG68.flatMap((l) => [points[l * 3], points[l * 3 + 1], points[l * 3 + 2]]));

const MEASURES = ['now', 'nowMetrical', 'realy', 'florence', 'florencePlane'] as const;
type Measure = (typeof MEASURES)[number];
interface Row extends Record<Measure, number> {
  readonly head: number;
  readonly prediction: string;
  readonly truthRigid: number;
  readonly truthSimilarity: number;
}
const rows: Row[] = [];
const registrationMm: number[] = [];

for (let head = 1; head <= HEADS; head++) {
  const identity = randomIdentity(model, head);
  const truth = evaluateModel(model, identity, []);
  const marks = landmarks68(model, truth);
  const random = gaussian(1000 + head);
  const cropped = cropSphere(skinOf(model, truth), marks.subarray(90, 93), REACH_MM);
  const scan = {
    positions: cropped.positions.map((x) => x + NOISE_MM * random()),
    triangles: cropped.triangles,
  };
  const { scan: realyScan } = realyScanFromMesh(
    scan,
    scanRegions(model, scan, truth),
    keypoints85(model, truth),
  );
  const registration = registerFlorenceScan(scan, marks, template, { rejectBorder: true });
  const own = correspondenceError(registration.positions, truth.subarray(0, meanSkin.positions.length), {
    scale: 'similarity',
    vertices: faceVertices,
  });
  registrationMm.push(own.statistics.meanMm);

  const predictions: [string, Float32Array][] = [
    ['mean head', model.mean],
    ...[0.5, 0.8].map((t): [string, Float32Array] => [
      `${t} of the way`,
      evaluateModel(
        model,
        identity.map((x) => t * x),
        [],
      ),
    ]),
    ...Array.from({ length: STRANGERS }, (_, i): [string, Float32Array] => [
      `stranger ${i + 1}`,
      evaluateModel(model, randomIdentity(model, 100 * head + i), []),
    ]),
  ];
  for (const [prediction, positions] of predictions) {
    const mesh = skinOf(model, positions);
    const here = landmarks68(model, positions);
    const now = { mesh: scan, landmarks: seven(marks) };
    const face = { mesh, landmarks: seven(here) };
    const options = { vertices: faceVertices };
    rows.push({
      head,
      prediction,
      truthRigid: correspondenceError(positions, truth, options).statistics.meanMm,
      truthSimilarity: correspondenceError(positions, truth, { ...options, scale: 'similarity' }).statistics
        .meanMm,
      now: evaluateNow(now, face).statistics.meanMm,
      nowMetrical: evaluateNow(now, face, { metrical: true }).statistics.meanMm,
      realy: evaluateRealy(realyScan, { mesh, keypoints: keypoints85(model, positions) }).allMm,
      florence: evaluateFlorence([registration], mesh.positions, template).errorMm,
      florencePlane: evaluateFlorencePlane(scan, marks, mesh, here).meanMm,
    });
  }
  console.log(`head ${head} of ${HEADS}`);
}

const summary = Object.fromEntries(
  MEASURES.map((measure) => {
    const truthOf = (row: Row): number => (measure === 'nowMetrical' ? row.truthRigid : row.truthSimilarity);
    return [
      measure,
      {
        correlation: rounded(
          correlation(
            rows.map((row) => row[measure]),
            rows.map(truthOf),
          ),
        ),
        rankCorrelation: rounded(
          correlation(ranks(rows.map((row) => row[measure])), ranks(rows.map(truthOf))),
        ),
        share: rounded(mean(rows.map((row) => row[measure])) / mean(rows.map(truthOf))),
      },
    ];
  }),
);
const shown = rows.map((row) => ({
  head: row.head,
  prediction: row.prediction,
  truthRigid: rounded(row.truthRigid),
  truthSimilarity: rounded(row.truthSimilarity),
  now: rounded(row.now),
  nowMetrical: rounded(row.nowMetrical),
  realy: rounded(row.realy),
  florence: rounded(row.florence),
  florencePlane: rounded(row.florencePlane),
}));
console.table(shown);
console.table(summary);
console.log(`registration against true correspondence: ${rounded(mean(registrationMm))} mm`);
await writeResult('evaluation-protocol-truth', {
  model: model.name,
  synthetic: true,
  noiseMm: NOISE_MM,
  registrationMm: registrationMm.map(rounded),
  summary,
  rows: shown,
});

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).toSorted((a, b) => values[a] - values[b]);
  const out = Array.from({ length: values.length }, () => 0);
  for (const [rank, i] of order.entries()) out[i] = rank;
  return out;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}
