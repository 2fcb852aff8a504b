/**
 * `likeness bench florence`: GANFIT's protocol on the user's copy of MICC Florence, and Genova's and Deng's apart.
 *
 *   DIR/subject_NN/Model/frontal{1,2}/obj/*.obj                     scans, mm
 *   LANDMARKS/subject_NN/Model/frontal{1,2}/obj/*.ljson             68 points (GANFit's MICC_landmarks; DIR/MICC_landmarks by default)
 *   PREDICTIONS/subject_NN/{Indoor-Cooperative,PTZ-Indoor,PTZ-Outdoor}.obj     in the template's topology
 *   TEMPLATE.obj and its 68 vertex ids (JSON list, or {"ids": [...]})
 *   DIR/subject_NN/Videos/SETTING/*.jpg                             frames cut from the videos (for --fit)
 */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  evaluateFlorence,
  evaluateFlorencePlane,
  florenceRadiusMm,
  registerFlorenceScan,
} from '@likeness/core/evaluation';
import type { FlorenceRegistration, FlorenceTemplate, SurfaceMesh } from '@likeness/core/evaluation';
import { createRandom } from '@likeness/training/shape';
import { BenchInputError } from '../bench-input-error.ts';
import type { ReportPicture, ReportTable } from '../report/report.ts';
import type { Benchmark, BenchmarkItem, BenchmarkSummary } from '../run/benchmark.ts';
import { failedItem } from './data-set-options.ts';
import type { DataSetOptions, FailedItem } from './data-set-options.ts';
import { FLORENCE_INFO, isFolder, missing, requireFile, requirePath } from './layout.ts';
import { failureTable } from './now-benchmark.ts';
import { headOf, openPredictor } from './predictor.ts';
import type { Predictor } from './predictor.ts';
import { readLjson } from './read-landmarks.ts';
import { readMesh } from './read-mesh.ts';
import { bestMedianWorst, scanPicture } from './scan-picture.ts';

export interface FlorenceOptions extends DataSetOptions {
  /** Folder of the hand-made landmarks; `MICC_landmarks` in the data set's folder by default. */
  readonly landmarks?: string;
  /** Template that the predictions share; likeness-head's mean with `fit`. */
  readonly template?: string;
  /** mm per unit of template and predictions: GANFIT's has 1 unit = 100 mm. */
  readonly templateUnitMm?: number;
  /** JSON with the template's 68 vertices. */
  readonly templateLandmarks?: string;
}

export const FLORENCE_SETTINGS = ['Indoor-Cooperative', 'PTZ-Indoor', 'PTZ-Outdoor'] as const;
type Setting = (typeof FLORENCE_SETTINGS)[number];

const FRAMES = 5;
const FRAME = /\.(?:jpe?g|png)$/i;

interface SettingErrors {
  /** GANFIT's figure: mean of both directions, better of the scans. */
  readonly ganfitMm: number;
  /** Genova et al.: mean point-to-plane distance, both directions, mean of the scans. */
  readonly genovaMm: number;
  /** Deng et al.: root mean square point-to-plane, scan to prediction, mean of the scans. */
  readonly dengMm: number;
}

interface FlorenceItem {
  readonly status: 'measured';
  readonly id: string;
  readonly scans: number;
  readonly settings: Readonly<Partial<Record<Setting, SettingErrors>>>;
  /** Settings without a prediction, with the reason. */
  readonly absent: Readonly<Partial<Record<Setting, string>>>;
}
type FlorenceItemResult = FlorenceItem | FailedItem;

interface Scan {
  readonly mesh: SurfaceMesh;
  readonly landmarks: Float64Array;
}

/** @throws BenchInputError where the data set or the predictions are not laid out as expected */
export async function openFlorenceBenchmark(
  options: FlorenceOptions,
): Promise<Benchmark<FlorenceItemResult>> {
  const { data, predictions } = options;
  if (!isFolder(data))
    throw new BenchInputError(`The folder ${data} of --data does not exist: check the name.`);
  const subjects = readdirSync(data)
    .map((name) => /^subject_(\d+)$/.exec(name)?.[1])
    .filter((name) => name !== undefined)
    .sort();
  if (subjects.length === 0) throw missing(FLORENCE_INFO, join(data, 'subject_01'));
  const landmarkFolder = options.landmarks ?? join(data, 'MICC_landmarks');
  if (!isFolder(landmarkFolder)) throw missing(FLORENCE_INFO, landmarkFolder);
  const scanFiles = new Map(subjects.map((subject) => [subject, scansOf(data, landmarkFolder, subject)]));
  if (predictions !== undefined) {
    if (!isFolder(predictions))
      throw new BenchInputError(`The folder ${predictions} of --predictions does not exist: check the name.`);
    if (options.template === undefined || options.templateLandmarks === undefined)
      throw new BenchInputError(
        "GANFIT's protocol registers a template that the predictions share: give it with --template FILE.obj and --template-landmarks FILE.json.",
      );
  } else if (
    !subjects.some((subject) =>
      FLORENCE_SETTINGS.some((setting) => framesOf(data, subject, setting).length > 0),
    )
  )
    throw missing(
      FLORENCE_INFO,
      `${join(data, `subject_${subjects[0]}/Videos/${FLORENCE_SETTINGS[0]}/*.jpg`)} (frames, cut from the videos with a program such as ffmpeg)`,
    );
  const predictor = predictions === undefined ? await openPredictor(options.preset ?? 'draft') : undefined;
  const unitMm = predictor === undefined ? (options.templateUnitMm ?? 100) : 1;
  const template =
    predictor === undefined
      ? await readTemplateMesh(options.template ?? '', options.templateLandmarks ?? '', unitMm)
      : ownTemplate(predictor);
  // Our own template is a whole head and reaches beyond the scan; GANFIT's authors drop no pairs at borders.
  const bending = { rejectBorder: predictor !== undefined };
  const predict = async (subject: string, setting: Setting): Promise<SurfaceMesh> => {
    if (predictor !== undefined) {
      const frames = framesOf(data, subject, setting);
      if (frames.length === 0)
        throw new BenchInputError(`No frames of subject ${subject}, ${setting}: cut them from the video.`);
      return (await predictor.predict(chosenFrames(frames, Number(subject)))).mesh;
    }
    const file = join(predictions ?? '', `subject_${subject}`, `${setting}.obj`);
    if (!existsSync(file)) throw new BenchInputError(`The prediction ${file} is missing.`);
    const mesh = await readMesh(file);
    if (mesh.positions.length !== template.mesh.positions.length)
      throw new BenchInputError(
        `The prediction ${file} has ${mesh.positions.length / 3} vertices, the template ${template.mesh.positions.length / 3}: save it in the template's topology.`,
      );
    return { positions: mesh.positions.map((x) => unitMm * x), triangles: template.mesh.triangles };
  };
  const load = async (subject: string): Promise<Scan[]> =>
    Promise.all(
      (scanFiles.get(subject) ?? []).map(async ({ mesh, landmarks }) => ({
        mesh: await readMesh(mesh),
        landmarks: readLjson(await readFile(landmarks, 'utf8'), landmarks),
      })),
    );
  let kept: { subject: string; scans: Scan[]; registrations: FlorenceRegistration[] } | undefined;
  const registered = async (subject: string): Promise<NonNullable<typeof kept>> => {
    // Registration takes seconds, and the pictures often ask for the subject that was judged last.
    if (kept?.subject === subject) return kept;
    const scans = await load(subject);
    const registrations = scans.map(({ mesh, landmarks }) =>
      registerFlorenceScan(mesh, landmarks, template, bending),
    );
    kept = { subject, scans, registrations };
    return kept;
  };
  return {
    name: 'florence',
    settings: {
      subjects: subjects.length,
      predictions: predictions ?? null,
      template: options.template ?? null,
      unitMm,
      preset: predictor === undefined ? null : (options.preset ?? 'draft'),
    },
    items: subjects.map((subject) => ({ id: `subject_${subject}`, label: `subject ${subject}` })),
    notes:
      predictor === undefined
        ? []
        : [
            "The template is likeness-head's mean, not GANFIT's own, which is not published: say so where the figure is quoted.",
          ],
    async work(item: BenchmarkItem) {
      const subject = item.id.slice('subject_'.length);
      try {
        const { scans, registrations } = await registered(subject);
        const settings: Partial<Record<Setting, SettingErrors>> = {};
        const absent: Partial<Record<Setting, string>> = {};
        for (const setting of FLORENCE_SETTINGS) {
          let mesh: SurfaceMesh;
          try {
            mesh = await predict(subject, setting);
          } catch (error) {
            absent[setting] = failedItem(item.id, error).message;
            continue;
          }
          settings[setting] = judge(mesh, scans, registrations, template, Number(subject));
        }
        return { status: 'measured', id: item.id, scans: scans.length, settings, absent };
      } catch (error) {
        return failedItem(item.id, error);
      }
    },
    summarise: (results) =>
      summariseFlorence(results, async (id, setting, caption) => {
        const subject = id.slice('subject_'.length);
        const [registration] = (await registered(subject)).registrations;
        const mesh = await predict(subject, setting);
        const { scans } = evaluateFlorence([registration], mesh.positions, template, {
          radiusMm: florenceRadiusMm(Number(subject)),
        });
        const { vertices, errorsMm } = scans[0].registeredToPrediction;
        return scanPicture(
          { positions: registration.positions, triangles: template.mesh.triangles },
          vertices,
          errorsMm,
          caption,
        );
      }),
    async [Symbol.asyncDispose]() {
      await predictor?.[Symbol.asyncDispose]();
    },
  };
}

function judge(
  prediction: SurfaceMesh,
  scans: readonly Scan[],
  registrations: readonly FlorenceRegistration[],
  template: FlorenceTemplate,
  subject: number,
): SettingErrors {
  const ganfit = evaluateFlorence(registrations, prediction.positions, template, {
    radiusMm: florenceRadiusMm(subject),
  });
  const marks = pick(prediction.positions, template.landmarkIds);
  const planes = scans.map(({ mesh, landmarks }) =>
    evaluateFlorencePlane(mesh, landmarks, prediction, marks),
  );
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    ganfitMm: Number(ganfit.errorMm.toFixed(5)),
    genovaMm: Number(mean(planes.map(({ meanMm }) => meanMm)).toFixed(5)),
    dengMm: Number(mean(planes.map(({ rmseMm }) => rmseMm)).toFixed(5)),
  };
}

function pick(positions: ArrayLike<number>, vertices: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: vertices.length * 3 },
    (_, i) => positions[vertices[Math.floor(i / 3)] * 3 + (i % 3)],
  );
}

/** Both scans with their landmarks; subject 30 has one. */
function scansOf(data: string, landmarks: string, subject: string): { mesh: string; landmarks: string }[] {
  const found = ['frontal1', 'frontal2'].flatMap((scan) => {
    const place = join(`subject_${subject}`, 'Model', scan, 'obj');
    if (!existsSync(join(landmarks, place))) return [];
    return [
      {
        mesh: requireFile(FLORENCE_INFO, join(data, place), '.obj'),
        landmarks: requireFile(FLORENCE_INFO, join(landmarks, place), '.ljson'),
      },
    ];
  });
  if (found.length === 0)
    throw missing(FLORENCE_INFO, join(landmarks, `subject_${subject}/Model/frontal1/obj/*.ljson`));
  return found;
}

function framesOf(data: string, subject: string, setting: Setting): string[] {
  const folder = join(data, `subject_${subject}`, 'Videos', setting);
  if (!isFolder(folder)) return [];
  return readdirSync(folder)
    .filter((name) => FRAME.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Five random frames, as GANFIT took; the same ones every time. */
function chosenFrames(frames: readonly string[], subject: number): string[] {
  const random = createRandom(subject);
  const rest = [...frames];
  const out: string[] = [];
  while (out.length < FRAMES && rest.length > 0)
    out.push(...rest.splice(Math.floor(random.uniform() * rest.length), 1));
  return out.sort();
}

function ownTemplate({ model }: Predictor): FlorenceTemplate {
  const { mesh, landmarks } = headOf(model, model.mean);
  return { mesh, landmarkIds: nearestVertices(mesh.positions, landmarks) };
}

/** [n] the vertex closest to each point. */
export function nearestVertices(positions: ArrayLike<number>, points: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: points.length / 3 }, (_, n) => {
    let best = 0;
    let distance = Infinity;
    for (let v = 0; v * 3 < positions.length; v++) {
      const d =
        (positions[v * 3] - points[n * 3]) ** 2 +
        (positions[v * 3 + 1] - points[n * 3 + 1]) ** 2 +
        (positions[v * 3 + 2] - points[n * 3 + 2]) ** 2;
      if (d < distance) [best, distance] = [v, d];
    }
    return best;
  });
}

async function readTemplateMesh(file: string, landmarks: string, unitMm: number): Promise<FlorenceTemplate> {
  const mesh = await readMesh(requirePath(FLORENCE_INFO, file));
  let json: unknown;
  try {
    json = JSON.parse(await readFile(requirePath(FLORENCE_INFO, landmarks), 'utf8'));
  } catch (error) {
    if (error instanceof BenchInputError) throw error;
    throw new BenchInputError(
      `The template landmarks ${landmarks} are no JSON: write the 68 vertex ids of GANFIT's landmark_ids.pkl as a JSON list.`,
      { cause: error },
    );
  }
  const ids = Array.isArray(json) ? json : (json as { ids?: unknown }).ids;
  const count = mesh.positions.length / 3;
  if (
    !Array.isArray(ids) ||
    ids.length !== 68 ||
    ids.some((id) => !Number.isInteger(id) || id < 0 || id >= count)
  )
    throw new BenchInputError(
      `The template landmarks ${landmarks} should be 68 vertices of ${file}, which has ${count}.`,
    );
  return {
    mesh: { positions: mesh.positions.map((x) => unitMm * x), triangles: mesh.triangles },
    landmarkIds: ids as number[],
  };
}

async function summariseFlorence(
  results: readonly FlorenceItemResult[],
  picture: (id: string, setting: Setting, caption: string) => Promise<ReportPicture>,
): Promise<BenchmarkSummary> {
  const measured = results.filter((item) => item.status === 'measured');
  const failures = results
    .filter((item) => item.status === 'failed')
    .map(({ id, message }) => ({ id, message }))
    .concat(
      measured.flatMap(({ id, absent }) =>
        Object.entries(absent).map(([setting, message]) => ({ id: `${id} ${setting}`, message })),
      ),
    );
  const title = `MICC Florence: ${measured.length} of ${results.length} subjects`;
  const about = [
    "GANFIT's protocol: the scan registered to the template, 95 mm around the nose tip, similarity ICP, point to surface, mean of both directions, better of the two scans. Mean and standard deviation (divisor N) over subjects. Genova's and Deng's way to use the same scans is another measure and stands in a table of its own: 0.95 there and 1.53 here are not comparable.",
  ];
  const of = (setting: Setting): { id: string; errors: SettingErrors }[] =>
    measured.flatMap(({ id, settings }) => {
      const errors = settings[setting];
      return errors === undefined ? [] : [{ id, errors }];
    });
  const settings = FLORENCE_SETTINGS.filter((setting) => of(setting).length > 0);
  const figures = Object.fromEntries(
    settings.map((setting) => {
      const errors = of(setting).map((entry) => entry.errors);
      return [
        setting,
        {
          subjects: errors.length,
          ganfit: populationFigures(errors.map(({ ganfitMm }) => ganfitMm)),
          genova: populationFigures(errors.map(({ genovaMm }) => genovaMm)),
          deng: populationFigures(errors.map(({ dengMm }) => dengMm)),
        },
      ];
    }),
  );
  const cell = ({ mean, std }: { mean: number; std: number }): string =>
    `${mean.toFixed(3)} ± ${std.toFixed(3)}`;
  const tables: ReportTable[] =
    settings.length === 0
      ? []
      : [
          {
            caption: "GANFIT's protocol, mm, mean ± std",
            columns: ['setting', 'subjects', 'error'],
            rows: settings.map((setting) => [
              setting,
              String(figures[setting].subjects),
              cell(figures[setting].ganfit),
            ]),
          },
          {
            caption:
              "Genova's and Deng's measures, mm, mean ± std (another protocol: never beside the table above)",
            columns: ['setting', 'Genova: mean point to plane', 'Deng: RMSE'],
            rows: settings.map((setting) => [
              setting,
              cell(figures[setting].genova),
              cell(figures[setting].deng),
            ]),
          },
          {
            caption: "Every subject, GANFIT's protocol, mm",
            detail: true,
            columns: ['subject', 'scans', ...FLORENCE_SETTINGS],
            rows: measured.map(({ id, scans, settings: own }) =>
              [id, String(scans)].concat(
                FLORENCE_SETTINGS.map((setting) => own[setting]?.ganfitMm.toFixed(3) ?? ''),
              ),
            ),
          },
        ];
  const pictures: ReportPicture[] = [];
  const [first] = settings;
  if (first !== undefined)
    for (const [which, { id, errors }] of bestMedianWorst(of(first), (entry) => entry.errors.ganfitMm))
      pictures.push(
        await picture(id, first, `${id}, ${first}, the ${which}: ${errors.ganfitMm.toFixed(2)} mm`),
      );
  return {
    result: { subjects: results.length, measured: measured.length, failures, ...figures },
    report: {
      title,
      about,
      tables: failures.length === 0 ? tables : [...tables, failureTable(failures)],
      pictures,
    },
  };
}

/** Divisor N, as GANFIT's script. */
function populationFigures(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const spread = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean: Number(mean.toFixed(4)), std: Number(Math.sqrt(spread).toFixed(4)) };
}
