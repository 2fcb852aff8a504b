/**
 * `likeness bench now`: the NoW challenge on the user's copy of the data set, non-metrical and metrical.
 *
 *   DIR/imagepathsvalidation.txt                      (or imagepathstest.txt) SUBJECT/CHALLENGE/IMAGE.jpg, one a line
 *   DIR/scans/SUBJECT/*.obj                           mm
 *   DIR/scans_lmks_onlypp/SUBJECT/*.pp                7 picked points
 *   DIR/final_release_version/iphone_pictures/SUBJECT/CHALLENGE/IMAGE.jpg      (for --fit)
 *   PREDICTIONS/SUBJECT/CHALLENGE/IMAGE.obj|ply and IMAGE.npy|txt              [7, 3] landmarks
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluateNow, NOW_FROM_IBUG68 } from '@likeness/core/evaluation';
import type { NowPrediction, NowResult, NowScan } from '@likeness/core/evaluation';
import { BenchInputError } from '../bench-input-error.ts';
import { curveSvg } from '../report/curve-svg.ts';
import type { ReportPicture } from '../report/report.ts';
import type { Benchmark, BenchmarkItem, BenchmarkSummary } from '../run/benchmark.ts';
import { failedItem } from './data-set-options.ts';
import type { DataSetOptions, FailedItem } from './data-set-options.ts';
import { histogramCurve, histogramFigures, histogramOf, joinHistograms } from './histogram.ts';
import type { DistanceHistogram } from './histogram.ts';
import { isFolder, missing, NOW_INFO, requireFile, requirePath } from './layout.ts';
import { openPredictor } from './predictor.ts';
import type { Predictor } from './predictor.ts';
import { readNpy, readPickedPoints, readPointText } from './read-landmarks.ts';
import { readMesh } from './read-mesh.ts';
import { bestMedianWorst, scanPicture } from './scan-picture.ts';

export interface NowOptions extends DataSetOptions {
  readonly imageSet?: 'validation' | 'test';
  /** Only one of NoW's challenges. */
  readonly challenge?: string;
  /** Unit of the predictions, for the metrical variant; a fit is always in mm. */
  readonly unit?: 'mm' | 'cm' | 'm';
}

interface NowImage {
  readonly id: string;
  readonly subject: string;
  readonly challenge: string;
  /** File name without its ending. */
  readonly stem: string;
  readonly file: string;
}

interface NowItem {
  readonly status: 'measured';
  readonly id: string;
  readonly nonMetrical: DistanceHistogram;
  readonly metrical: DistanceHistogram;
}
type NowItemResult = NowItem | FailedItem;

const MM_PER_UNIT = { mm: 1, cm: 10, m: 1000 } as const;
const VARIANTS = ['nonMetrical', 'metrical'] as const;

/** Lines of the image list as items. @throws BenchInputError naming what is missing */
export function listNowImages(
  options: Pick<NowOptions, 'data' | 'imageSet' | 'challenge'>,
  list: string,
): NowImage[] {
  const images = list
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [subject, challenge, file] = line.split('/').slice(-3);
      if (file === undefined)
        throw new BenchInputError(
          `The line "${line}" of NoW's image list is not SUBJECT/CHALLENGE/IMAGE: download the list again.`,
        );
      const stem = file.replace(/\.[^.]+$/, '');
      return {
        id: `${subject}-${challenge}-${stem}`.replaceAll(/[^\w.-]/g, '_'),
        subject,
        challenge,
        stem,
        file,
      };
    })
    .filter(({ challenge }) => options.challenge === undefined || challenge === options.challenge);
  if (images.length === 0)
    throw new BenchInputError(
      `NoW's image list holds no image${options.challenge === undefined ? '' : ` of the challenge ${options.challenge}`}: check the option or download the list again.`,
    );
  return images;
}

/** @throws BenchInputError where the data set or the predictions are not laid out as expected */
export async function openNowBenchmark(options: NowOptions): Promise<Benchmark<NowItemResult>> {
  const { data, predictions, unit = 'm', imageSet = 'validation' } = options;
  const list = requirePath(NOW_INFO, data, `imagepaths${imageSet}.txt`);
  requirePath(NOW_INFO, data, 'scans');
  requirePath(NOW_INFO, data, 'scans_lmks_onlypp');
  const images = listNowImages(options, await readFile(list, 'utf8'));
  for (const subject of new Set(images.map((image) => image.subject))) {
    requireFile(NOW_INFO, join(data, 'scans', subject), '.obj');
    requireFile(NOW_INFO, join(data, 'scans_lmks_onlypp', subject), '.pp');
  }
  if (predictions !== undefined && !isFolder(predictions))
    throw new BenchInputError(`The folder ${predictions} of --predictions does not exist: check the name.`);
  const pictures = ['final_release_version/iphone_pictures', 'iphone_pictures']
    .map((folder) => join(data, folder))
    .find((folder) => existsSync(folder));
  if (predictions === undefined && pictures === undefined)
    throw missing(NOW_INFO, join(data, 'final_release_version/iphone_pictures'));
  const predictor = predictions === undefined ? await openPredictor(options.preset ?? 'draft') : undefined;
  const mm = predictor === undefined ? MM_PER_UNIT[unit] : 1;
  const scans = new Map<string, Promise<NowScan>>();
  const scanOf = (subject: string): Promise<NowScan> => {
    let scan = scans.get(subject);
    if (scan === undefined) {
      // Images of one subject follow one another: one scan in memory is enough.
      scans.clear();
      scans.set(subject, (scan = readNowScan(data, subject)));
    }
    return scan;
  };
  let judged:
    { id: string; scan: NowScan; results: Record<(typeof VARIANTS)[number], NowResult> } | undefined;
  const judge = async (image: NowImage): Promise<NonNullable<typeof judged>> => {
    // The report's pictures often ask for the image that was judged last.
    if (judged?.id === image.id) return judged;
    const prediction =
      predictor === undefined || pictures === undefined
        ? await readNowPrediction(predictions ?? '', image, mm)
        : await fitNow(predictor, join(pictures, image.subject, image.challenge, image.file));
    const scan = await scanOf(image.subject);
    judged = {
      id: image.id,
      scan,
      results: {
        nonMetrical: evaluateNow(scan, prediction),
        metrical: evaluateNow(scan, prediction, { metrical: true }),
      },
    };
    return judged;
  };
  const byId = new Map(images.map((image) => [image.id, image]));
  const imageOf = (id: string): NowImage => {
    const image = byId.get(id);
    if (image === undefined) throw new RangeError(`There is no image ${id}.`);
    return image;
  };
  return {
    name: 'now',
    settings: {
      images: images.length,
      imageSet,
      challenge: options.challenge ?? null,
      predictions: predictions ?? null,
      preset: predictor === undefined ? null : (options.preset ?? 'draft'),
      unit: predictor === undefined ? unit : 'mm',
    },
    items: images.map(({ id, subject, challenge, stem }) => ({
      id,
      label: `${subject} ${challenge} ${stem}`,
    })),
    notes: [],
    async work(item: BenchmarkItem) {
      try {
        const { results } = await judge(imageOf(item.id));
        return {
          status: 'measured',
          id: item.id,
          nonMetrical: histogramOf(results.nonMetrical.errorsMm),
          metrical: histogramOf(results.metrical.errorsMm),
        };
      } catch (error) {
        return failedItem(item.id, error);
      }
    },
    summarise: (results) =>
      summariseNow(results, imageSet, byId, async (id, caption) => {
        const { scan, results: found } = await judge(imageOf(id));
        return scanPicture(scan.mesh, found.nonMetrical.vertices, found.nonMetrical.errorsMm, caption);
      }),
    async [Symbol.asyncDispose]() {
      await predictor?.[Symbol.asyncDispose]();
    },
  };
}

async function readNowScan(data: string, subject: string): Promise<NowScan> {
  const file = requireFile(NOW_INFO, join(data, 'scans', subject), '.obj');
  const marks = requireFile(NOW_INFO, join(data, 'scans_lmks_onlypp', subject), '.pp');
  return { mesh: await readMesh(file), landmarks: readPickedPoints(await readFile(marks, 'utf8'), 7, marks) };
}

async function readNowPrediction(folder: string, image: NowImage, mm: number): Promise<NowPrediction> {
  const stem = join(folder, image.subject, image.challenge, image.stem);
  const meshFile = ['.obj', '.ply'].map((ending) => stem + ending).find((file) => existsSync(file));
  if (meshFile === undefined)
    throw new BenchInputError(
      `The prediction ${stem}.obj (or .ply) is missing: NoW wants one mesh for each image of its list.`,
    );
  const markFile = ['.npy', '.txt'].map((ending) => stem + ending).find((file) => existsSync(file));
  if (markFile === undefined)
    throw new BenchInputError(
      `The landmarks ${stem}.npy (or .txt) are missing: NoW wants seven points beside each mesh.`,
    );
  const mesh = await readMesh(meshFile);
  const marks = markFile.endsWith('.npy')
    ? readNpy(await readFile(markFile), markFile).data
    : readPointText(await readFile(markFile, 'utf8'), 7, markFile);
  if (marks.length !== 21)
    throw new BenchInputError(
      `The landmarks ${markFile} should be [7, 3], but hold ${marks.length} numbers: write the seven points of NoW.`,
    );
  return {
    mesh: { positions: mesh.positions.map((x) => x * mm), triangles: mesh.triangles },
    landmarks: marks.map((x) => x * mm),
  };
}

async function fitNow(predictor: Predictor, photo: string): Promise<NowPrediction> {
  const { mesh, landmarks } = await predictor.predict([photo]);
  return {
    mesh,
    landmarks: NOW_FROM_IBUG68.flatMap((i) => [landmarks[i * 3], landmarks[i * 3 + 1], landmarks[i * 3 + 2]]),
  };
}

async function summariseNow(
  results: readonly NowItemResult[],
  imageSet: string,
  images: ReadonlyMap<string, NowImage>,
  picture: (id: string, caption: string) => Promise<ReportPicture>,
): Promise<BenchmarkSummary> {
  const measured = results.filter((item) => item.status === 'measured');
  const failed = results.filter((item) => item.status === 'failed');
  const title = `NoW (${imageSet}): ${measured.length} of ${results.length} images`;
  const about = [
    'Scan-to-mesh distance after alignment by seven landmarks and ICP; non-metrical with free scale, metrical without. Median, mean and standard deviation are over the points of all images, as in the published protocol. Images without a prediction are counted and not averaged, so a run with failures may not be compared with the published table.',
  ];
  const failures = failed.map(({ id, message }) => ({ id, message }));
  if (measured.length === 0)
    return {
      result: { images: results.length, measured: 0, failures },
      report: { title, about, tables: [failureTable(failures)], pictures: [] },
    };
  const challenges = [...new Set(measured.map(({ id }) => images.get(id)?.challenge ?? ''))].sort();
  const groups = [['all', measured] as const].concat(
    challenges.map(
      (name) => [name as 'all', measured.filter(({ id }) => images.get(id)?.challenge === name)] as const,
    ),
  );
  const figures = Object.fromEntries(
    VARIANTS.map((variant) => [
      variant,
      Object.fromEntries(
        groups.map(([name, items]) => [
          name,
          rounded(histogramFigures(joinHistograms(items.map((item) => item[variant])))),
        ]),
      ),
    ]),
  );
  const curves = VARIANTS.map((variant) => ({
    name: variant === 'metrical' ? 'metrical' : 'non-metrical',
    curve: histogramCurve(joinHistograms(measured.map((item) => item[variant]))),
  }));
  const pictures: ReportPicture[] = [
    { caption: 'Cumulative error', mimeType: 'image/svg+xml', data: curveSvg(curves) },
  ];
  const medianOf = (item: NowItem): number => histogramFigures(item.nonMetrical).medianMm;
  for (const [which, item] of bestMedianWorst(measured, medianOf))
    pictures.push(
      await picture(
        item.id,
        `${item.id}, the ${which}: median ${medianOf(item).toFixed(2)} mm, non-metrical`,
      ),
    );
  return {
    result: { imageSet, images: results.length, measured: measured.length, failures, ...figures },
    report: {
      title,
      about,
      tables: [
        ...VARIANTS.map((variant) => ({
          caption: `${variant === 'metrical' ? 'Metrical' : 'Non-metrical'}, mm`,
          columns: ['challenge', 'images', 'median', 'mean', 'std'],
          rows: groups.map(([name, items]) => {
            const { medianMm, meanMm, stdMm } = histogramFigures(
              joinHistograms(items.map((item) => item[variant])),
            );
            return [name, String(items.length), medianMm.toFixed(2), meanMm.toFixed(2), stdMm.toFixed(2)];
          }),
        })),
        {
          caption: 'Every image, non-metrical, mm',
          detail: true,
          columns: ['image', 'median', 'mean', 'std'],
          rows: measured.map((item) => {
            const { medianMm, meanMm, stdMm } = histogramFigures(item.nonMetrical);
            return [item.id, medianMm.toFixed(2), meanMm.toFixed(2), stdMm.toFixed(2)];
          }),
        },
        ...(failures.length === 0 ? [] : [failureTable(failures)]),
      ],
      pictures,
    },
  };
}

export function failureTable(failures: readonly { readonly id: string; readonly message: string }[]): {
  caption: string;
  columns: string[];
  rows: string[][];
} {
  return {
    caption: `Not measured: ${failures.length}`,
    columns: ['item', 'why'],
    rows: failures.map(({ id, message }) => [id, message]),
  };
}

function rounded<T extends object>(figures: T): T {
  return Object.fromEntries(
    Object.entries(figures).map(([key, x]) => [key, Number((x as number).toFixed(4))]),
  ) as T;
}
