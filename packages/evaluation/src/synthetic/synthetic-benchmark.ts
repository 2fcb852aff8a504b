/** `likeness bench synthetic` as a benchmark: held-out heads, and scans of the user's where they are given. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PresetName } from '@likeness/core/pipeline';
import { findModel } from '@likeness/models';
import { decodePhoto, openLikeness, tuneCodecForCommandLine } from '@likeness/node';
import type { Image } from '@likeness/core/image';
import { BenchInputError } from '../bench-input-error.ts';
import type { Benchmark } from '../run/benchmark.ts';
import { faceMetric } from './face-metric.ts';
import { createOracle } from './oracle.ts';
import { createSkinPainter } from './paint-skin.ts';
import { summariseHeads } from './summarise-heads.ts';
import { measureHead } from './synthetic-head.ts';
import type { SyntheticHead, SyntheticWorld } from './synthetic-head.ts';
import { openScanTruth } from './scan-truth.ts';
import type { ScanTruth } from './scan-truth.ts';
import { measureScan, SCAN_VIEWS } from './scan-view.ts';
import type { ScanView } from './scan-view.ts';
import { summariseScans } from './summarise-scans.ts';
import { holdsSource, openTruthSource } from './truth-source.ts';

export interface SyntheticOptions {
  readonly heads?: number;
  readonly preset?: PresetName;
  /** 0..2^32-1 */
  readonly seed?: number;
  /**
   * Folder with ICT-FaceKit's arrays (or with `models/` that holds them). Without it the data beside a checkout of the repository
   * is taken; without that the heads come from the model's own prior, which is easier, and a note says so.
   */
  readonly data?: string;
  /** Head scans (GLB, OBJ, PLY or VTK) to photograph and measure as well. */
  readonly scans?: readonly string[];
  /** Whether the published protocols' ICP runs as well (on every second head; it takes half of the time). */
  readonly icp?: boolean;
}

export const SYNTHETIC_DEFAULTS: Required<Omit<SyntheticOptions, 'data'>> = {
  icp: true,
  scans: [],
  heads: 100,
  preset: 'draft',
  seed: 1,
};

/** Raised when scenes or measures change, so that results of different kinds are never mixed. */
const SCENES_VERSION = 1;
const DATA_BESIDE_CHECKOUT = fileURLToPath(new URL('../../../../../shared/data', import.meta.url));

/** Loads the product and the source of heads. @throws BenchInputError where `data` holds no heads */
export async function openSyntheticBenchmark(
  options: SyntheticOptions = {},
): Promise<Benchmark<SyntheticHead | ScanView>> {
  const heads = options.heads ?? SYNTHETIC_DEFAULTS.heads;
  const preset = options.preset ?? SYNTHETIC_DEFAULTS.preset;
  const seed = options.seed ?? SYNTHETIC_DEFAULTS.seed;
  if (options.data !== undefined && !holdsSource(options.data))
    throw new BenchInputError(
      `The folder ${options.data} holds no ICT-FaceKit arrays: give the folder with ict-facekit-head.json and .bin to --data, or leave it out.`,
    );
  const data = options.data ?? (existsSync(DATA_BESIDE_CHECKOUT) ? DATA_BESIDE_CHECKOUT : undefined);
  tuneCodecForCommandLine();
  const likeness = await openLikeness();
  const { model } = likeness;
  const source = await openTruthSource(model, data);
  const templateSkin = await readTemplateSkin();
  const metric = faceMetric(model);
  const world: SyntheticWorld = {
    likeness,
    source,
    painter: createSkinPainter(model, templateSkin),
    metric,
    oracle: createOracle(model, metric.weights),
    templateSkin,
    seed,
    preset,
    icp: options.icp ?? SYNTHETIC_DEFAULTS.icp,
  };
  const scans: ScanTruth[] = [];
  try {
    for (const path of options.scans ?? SYNTHETIC_DEFAULTS.scans)
      scans.push(await openScanTruth(path, likeness, metric, world.oracle));
  } catch (error) {
    await likeness.dispose();
    throw error;
  }
  return {
    name: 'synthetic',
    settings: {
      scenes: SCENES_VERSION,
      model: `${model.name} ${model.version}`,
      source: source.kind,
      heads,
      preset,
      seed,
      icp: world.icp,
      scans: scans.map(({ name }) => name),
    },
    items: Array.from({ length: heads }, (_, i) => ({
      id: `head-${String(i).padStart(4, '0')}`,
      label: `head ${i}`,
    })).concat(
      scans.flatMap(({ name }, scan) =>
        Array.from({ length: SCAN_VIEWS }, (_, view) => ({
          id: `scan-${scan}-${view}`,
          label: `${name}, photograph ${view}`,
        })),
      ),
    ),
    notes: source.kind === 'in-model' ? [`The ${source.label}.`] : [],
    work: (item) => {
      const [kind, number, view] = item.id.split('-');
      return kind === 'scan'
        ? measureScan(world, scans[Number(number)], Number(number), Number(view))
        : measureHead(world, Number(number));
    },
    summarise: async (results) => {
      const drawn = results.filter((item) => item.status !== 'scan');
      const summary = await summariseHeads({ model, preset, seed, source, heads: drawn });
      const views = results.filter((item) => item.status === 'scan');
      if (views.length === 0) return summary;
      const { result, tables, pictures } = summariseScans(views);
      // The last keys of the line stay the regions and the skill of the heads.
      return {
        result: { scans: result, ...summary.result },
        report: {
          ...summary.report,
          tables: [...summary.report.tables, ...tables],
          pictures: [...summary.report.pictures, ...pictures],
        },
      };
    },
    [Symbol.asyncDispose]: () => likeness.dispose(),
  };
}

async function readTemplateSkin(): Promise<Image | undefined> {
  const entry = findModel('template-skin');
  return entry === undefined ? undefined : decodePhoto(fileURLToPath(entry.file));
}

/** Whether heads from ICT-FaceKit can be drawn here. */
export function syntheticDataFolder(): string | undefined {
  return existsSync(join(DATA_BESIDE_CHECKOUT, 'models')) ? DATA_BESIDE_CHECKOUT : undefined;
}
