/**
 * `likeness bench realy`: the REALY benchmark on the user's copy, region by region, front and side apart.
 *
 *   DIR/REALY_HIFI3D_keypoints/N.obj              85 keypoints as vertices
 *   DIR/REALY_scan_region/N/{nose,mouth,forehead,cheek}.obj
 *   DIR/metrical_scale.txt                        mm per unit, line N is subject N
 *   DIR/REALY_image/...                           N.jpg, N_VIEW.jpg (for --fit; any folder below, depth maps are passed over)
 *   PREDICTIONS/N.obj, N_VIEW.obj                 one topology
 *   KEYPOINTS.txt                                 85 x [triangle, w0, w1], JSON, as REALY's data/HIFI3D.txt
 */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { evaluateRealy, REALY_REGIONS } from '@likeness/core/evaluation';
import type {
  FaceRegion,
  RealyPrediction,
  RealyResult,
  RealyScan,
  SurfaceMesh,
} from '@likeness/core/evaluation';
import { alignPoints, createSurfaceTree, transformPoints } from '@likeness/core/geometry';
import { BenchInputError } from '../bench-input-error.ts';
import type { ReportPicture, ReportTable } from '../report/report.ts';
import type { Benchmark, BenchmarkItem, BenchmarkSummary } from '../run/benchmark.ts';
import { failedItem } from './data-set-options.ts';
import type { DataSetOptions, FailedItem } from './data-set-options.ts';
import { isFolder, missing, REALY_INFO, requirePath } from './layout.ts';
import { failureTable } from './now-benchmark.ts';
import { headOf, openPredictor } from './predictor.ts';
import type { PredictedHead, Predictor } from './predictor.ts';
import { readMesh } from './read-mesh.ts';
import { bestMedianWorst, scanPicture } from './scan-picture.ts';

export interface RealyOptions extends DataSetOptions {
  /** Barycentric keypoints of the predictions' topology. */
  readonly keypoints?: string;
  /** 0 or 1 for each vertex of the predictions' topology: the face. */
  readonly mask?: string;
}

/** A keypoint on a mesh: triangle and the weights of its first two corners. */
export type BarycentricPoint = readonly [triangle: number, w0: number, w1: number];

interface RealyView {
  readonly id: string;
  readonly subject: number;
  readonly view: 'front' | 'side';
  readonly file: string;
}

interface RealyItem {
  readonly status: 'measured';
  readonly id: string;
  readonly regions: Readonly<Record<FaceRegion, number>>;
}
type RealyItemResult = RealyItem | FailedItem;

const KEYPOINTS = 85;
const SHARED_KEYPOINTS = 68;
const NAME = /^(\d+)(_.+)?\.(?:obj|jpe?g|png)$/i;

/** Files `N` (front) and `N_VIEW` (side), by number. */
export function listRealyViews(files: readonly string[]): RealyView[] {
  return files
    .flatMap((file): RealyView[] => {
      const match = NAME.exec(basename(file));
      return match === null
        ? []
        : [
            {
              id: basename(file, extname(file)),
              subject: Number(match[1]),
              view: match[2] === undefined ? 'front' : 'side',
              file,
            },
          ];
    })
    .sort((a, b) => a.subject - b.subject || (a.id < b.id ? -1 : 1));
}

/** @throws BenchInputError where the data set or the predictions are not laid out as expected */
export async function openRealyBenchmark(options: RealyOptions): Promise<Benchmark<RealyItemResult>> {
  const { data, predictions } = options;
  const keypointFolder = requirePath(REALY_INFO, data, 'REALY_HIFI3D_keypoints');
  const regionFolder = requirePath(REALY_INFO, data, 'REALY_scan_region');
  const scales = (await readFile(requirePath(REALY_INFO, data, 'metrical_scale.txt'), 'utf8'))
    .trim()
    .split(/\s+/)
    .map(Number);
  let files: string[];
  if (predictions === undefined) {
    const folder = requirePath(REALY_INFO, data, 'REALY_image');
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:jpe?g|png)$/i.test(name) && !/depth/i.test(name))
      .map((name) => join(folder, name));
  } else {
    if (!isFolder(predictions))
      throw new BenchInputError(`The folder ${predictions} of --predictions does not exist: check the name.`);
    if (options.keypoints === undefined)
      throw new BenchInputError(
        "REALY needs the 85 keypoints of the predictions' topology: give the barycentric file (as its data/HIFI3D.txt) with --keypoints.",
      );
    files = readdirSync(predictions)
      .filter((name) => name.toLowerCase().endsWith('.obj'))
      .map((name) => join(predictions, name));
  }
  const views = listRealyViews(files);
  if (views.length === 0)
    throw predictions === undefined
      ? missing(REALY_INFO, join(data, 'REALY_image/1.jpg'))
      : new BenchInputError(
          `The folder ${predictions} holds no meshes named like the subjects: REALY wants 1.obj, 2.obj, ... and 1_VIEW.obj.`,
        );
  const named = new Map<string, string>();
  for (const { id, file } of views) {
    // The set comes cropped and as photographed, under the same names.
    const twin = named.get(id);
    if (twin !== undefined)
      throw new BenchInputError(
        `The files ${twin} and ${file} bear one name, but a subject's view counts once: leave one version of the images in the folder.`,
      );
    named.set(id, file);
  }
  for (const subject of new Set(views.map((view) => view.subject))) {
    requirePath(REALY_INFO, keypointFolder, `${subject}.obj`);
    for (const region of REALY_REGIONS)
      requirePath(REALY_INFO, regionFolder, String(subject), `${region}.obj`);
    if (!(scales[subject - 1] > 0))
      throw missing(REALY_INFO, `The line of subject ${subject} in ${join(data, 'metrical_scale.txt')}`);
  }
  const own = predictions === undefined ? await openOwn(options, keypointFolder) : undefined;
  const theirs = predictions === undefined ? undefined : await openTheirs(options);
  let kept: { subject: number; scan: RealyScan } | undefined;
  const scanOf = async (subject: number): Promise<RealyScan> => {
    if (kept?.subject === subject) return kept.scan;
    const regions = {} as Record<FaceRegion, SurfaceMesh>;
    for (const region of REALY_REGIONS)
      regions[region] = await readMesh(join(regionFolder, String(subject), `${region}.obj`));
    const keypoints = await readKeypointFile(keypointFolder, subject);
    kept = { subject, scan: { regions, keypoints, metricalScale: scales[subject - 1] } };
    return kept.scan;
  };
  const byId = new Map(views.map((view) => [view.id, view]));
  let judged: { id: string; scan: RealyScan; result: RealyResult } | undefined;
  const judge = async (id: string): Promise<{ scan: RealyScan; result: RealyResult }> => {
    // The four regions' pictures ask one after the other.
    if (judged?.id === id) return judged;
    const view = byId.get(id);
    if (view === undefined) throw new RangeError(`There is no view ${id}.`);
    const prediction = await (own ?? theirs)?.predict(view.file);
    if (prediction === undefined) throw new RangeError('Neither predictions nor a fit.');
    const scan = await scanOf(view.subject);
    judged = { id, scan, result: evaluateRealy(scan, prediction) };
    return judged;
  };
  return {
    name: 'realy',
    settings: {
      views: views.length,
      predictions: predictions ?? null,
      keypoints: options.keypoints ?? null,
      mask: options.mask ?? null,
      preset: own === undefined ? null : (options.preset ?? 'draft'),
    },
    items: views.map(({ id, view }) => ({ id, label: `subject ${id} (${view})` })),
    notes:
      own === undefined
        ? []
        : [
            "REALY keypoints 68..84 are placed on likeness-head by aligning its mean to the mean of the data set's own keypoints.",
          ],
    async work(item: BenchmarkItem) {
      try {
        const { result } = await judge(item.id);
        const regions = {} as Record<FaceRegion, number>;
        for (const region of REALY_REGIONS)
          regions[region] = Number(result.regions[region].errorMm.toFixed(5));
        return { status: 'measured', id: item.id, regions };
      } catch (error) {
        return failedItem(item.id, error);
      }
    },
    summarise: (results) =>
      summariseRealy(results, byId, async (id, region, caption) => {
        const { scan, result } = await judge(id);
        const mesh = scan.regions[region];
        const errors = result.regions[region].errorsMm;
        return scanPicture(
          mesh,
          Uint32Array.from(errors, (_, v) => v),
          errors,
          caption,
        );
      }),
    async [Symbol.asyncDispose]() {
      await own?.predictor[Symbol.asyncDispose]();
    },
  };
}

async function readKeypointFile(folder: string, subject: number): Promise<Float32Array> {
  const file = join(folder, `${subject}.obj`);
  const { positions } = await readMesh(file);
  if (positions.length !== KEYPOINTS * 3)
    throw new BenchInputError(
      `The keypoints ${file} should be ${KEYPOINTS} vertices, but are ${positions.length / 3}: download the folder again.`,
    );
  return positions;
}

/** Our own head, whose further keypoints come from where the data set has them on average. */
async function openOwn(
  options: RealyOptions,
  keypointFolder: string,
): Promise<{ predictor: Predictor; predict(file: string): Promise<RealyPrediction> }> {
  const predictor = await openPredictor(options.preset ?? 'draft');
  const mean = headOf(predictor.model, predictor.model.mean);
  const subjects = readdirSync(keypointFolder)
    .map((name) => /^(\d+)\.obj$/.exec(name)?.[1])
    .filter((name) => name !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  const average = new Float64Array(KEYPOINTS * 3);
  for (const subject of subjects) {
    const points = await readKeypointFile(keypointFolder, subject);
    const moved = transformPoints(
      points,
      alignPoints(points.subarray(0, SHARED_KEYPOINTS * 3), mean.landmarks),
    );
    for (let i = 0; i < average.length; i++) average[i] += moved[i] / subjects.length;
  }
  const positions = Float32Array.from(mean.mesh.positions);
  const tree = createSurfaceTree(positions, mean.mesh.triangles);
  const further = Array.from({ length: KEYPOINTS - SHARED_KEYPOINTS }, (_, i): BarycentricPoint => {
    const at = 3 * (SHARED_KEYPOINTS + i);
    const hit = tree.closestPoint(average[at], average[at + 1], average[at + 2]);
    return [hit.triangle, hit.barycentric[0], hit.barycentric[1]];
  });
  return {
    predictor,
    async predict(file) {
      const { mesh, landmarks }: PredictedHead = await predictor.predict([file]);
      const keypoints = new Float64Array(KEYPOINTS * 3);
      keypoints.set(landmarks);
      keypoints.set(barycentricPoints(mesh, further), SHARED_KEYPOINTS * 3);
      return { mesh, keypoints };
    },
  };
}

async function openTheirs(
  options: RealyOptions,
): Promise<{ predict(file: string): Promise<RealyPrediction> }> {
  const points = await readBarycentric(options.keypoints ?? '');
  const faceMask = options.mask === undefined ? undefined : await readMask(options.mask);
  return {
    async predict(file) {
      const mesh = await readMesh(file);
      const highest = Math.max(...points.map(([triangle]) => triangle));
      if (highest * 3 >= mesh.triangles.length)
        throw new BenchInputError(
          `The prediction ${file} has ${mesh.triangles.length / 3} triangles, but a keypoint lies on triangle ${highest}: save it in the topology of --keypoints.`,
        );
      if (faceMask !== undefined && faceMask.length !== mesh.positions.length / 3)
        throw new BenchInputError(
          `The mask has ${faceMask.length} entries, but ${file} has ${mesh.positions.length / 3} vertices: give the mask of the same topology.`,
        );
      return {
        mesh,
        keypoints: barycentricPoints(mesh, points),
        ...(faceMask === undefined ? {} : { faceMask }),
      };
    },
  };
}

/** [n, 3] */
export function barycentricPoints(mesh: SurfaceMesh, points: readonly BarycentricPoint[]): Float64Array {
  const out = new Float64Array(points.length * 3);
  for (const [n, [triangle, w0, w1]] of points.entries())
    for (const [k, weight] of [w0, w1, 1 - w0 - w1].entries())
      for (let c = 0; c < 3; c++)
        out[n * 3 + c] += weight * mesh.positions[mesh.triangles[triangle * 3 + k] * 3 + c];
  return out;
}

async function readBarycentric(file: string): Promise<BarycentricPoint[]> {
  if (!existsSync(file)) throw new BenchInputError(`The keypoints ${file} do not exist: check the name.`);
  let rows: unknown;
  try {
    rows = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new BenchInputError(`The keypoints ${file} are no JSON: expected 85 rows of [triangle, w0, w1].`, {
      cause: error,
    });
  }
  if (
    !Array.isArray(rows) ||
    rows.length !== KEYPOINTS ||
    rows.some(
      (row) => !Array.isArray(row) || row.length < 3 || row.slice(0, 3).some((x) => !Number.isFinite(x)),
    )
  )
    throw new BenchInputError(
      `The keypoints ${file} should be ${KEYPOINTS} rows of [triangle, w0, w1]: export them again.`,
    );
  return (rows as number[][]).map(([triangle, w0, w1]) => [triangle, w0, w1]);
}

async function readMask(file: string): Promise<Uint8Array> {
  if (!existsSync(file)) throw new BenchInputError(`The mask ${file} does not exist: check the name.`);
  return Uint8Array.from((await readFile(file, 'utf8')).trim().split(/[\s,]+/), (word) =>
    Number(Number(word) > 0),
  );
}

async function summariseRealy(
  results: readonly RealyItemResult[],
  views: ReadonlyMap<string, RealyView>,
  picture: (id: string, region: FaceRegion, caption: string) => Promise<ReportPicture>,
): Promise<BenchmarkSummary> {
  const measured = results.filter((item) => item.status === 'measured');
  const failures = results
    .filter((item) => item.status === 'failed')
    .map(({ id, message }) => ({ id, message }));
  const title = `REALY: ${measured.length} of ${results.length} predictions`;
  const about = [
    'Region errors in mm: similarity by seven keypoints, rigid ICP region by region, the scan region deformed onto the prediction, distance to the original scan. Mean and standard deviation over predictions (divisor N - 1), front and side apart; "all" is the mean of the four regions. Predictions that failed are counted and not averaged.',
  ];
  const sides = (['front', 'side'] as const).filter((side) =>
    measured.some(({ id }) => views.get(id)?.view === side),
  );
  const of = (side: string): RealyItem[] => measured.filter(({ id }) => views.get(id)?.view === side);
  const figures = Object.fromEntries(
    sides.map((side) => {
      const regions = Object.fromEntries(
        REALY_REGIONS.map((region) => [region, meanStd(of(side).map((item) => item.regions[region]))]),
      );
      const all = REALY_REGIONS.reduce((sum, region) => sum + regions[region].mean / 4, 0);
      return [side, { predictions: of(side).length, regions, all: Number(all.toFixed(4)) }];
    }),
  );
  const tables: ReportTable[] = sides.map((side) => ({
    caption: `${side === 'front' ? 'Frontal' : 'Side'} images, mm, mean ± std (${of(side).length})`,
    columns: ['', ...REALY_REGIONS, 'all'],
    rows: [
      [
        'prediction',
        ...REALY_REGIONS.map((region) => {
          const { mean, std } = figures[side].regions[region];
          return `${mean.toFixed(3)} ± ${std.toFixed(3)}`;
        }),
        figures[side].all.toFixed(3),
      ],
    ],
  }));
  const allOf = (item: RealyItem): number =>
    REALY_REGIONS.reduce((sum, region) => sum + item.regions[region] / 4, 0);
  const pictures: ReportPicture[] = [];
  for (const [which, item] of bestMedianWorst(measured, allOf))
    for (const region of REALY_REGIONS)
      pictures.push(
        await picture(
          item.id,
          region,
          `${item.id}, the ${which}: ${region} ${item.regions[region].toFixed(2)} mm`,
        ),
      );
  return {
    result: { predictions: results.length, measured: measured.length, failures, ...figures },
    report: {
      title,
      about,
      tables: [
        ...tables,
        {
          caption: 'Every prediction, mm',
          detail: true,
          columns: ['prediction', ...REALY_REGIONS, 'all'],
          rows: measured.map((item) =>
            [item.id].concat(
              REALY_REGIONS.map((region) => item.regions[region].toFixed(3)),
              allOf(item).toFixed(3),
            ),
          ),
        },
        ...(failures.length === 0 ? [] : [failureTable(failures)]),
      ],
      pictures,
    },
  };
}

export function meanStd(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const spread = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean: Number(mean.toFixed(4)), std: Number(Math.sqrt(spread).toFixed(4)) };
}
