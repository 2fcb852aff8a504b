/**
 * `likeness train skin`: from consented studio photographs to the template skin, in one deterministic run. Each photo is
 * analysed, fitted and unwrapped without a template; the delit maps are averaged in the model's chart.
 */
import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAnalyser } from '@likeness/core/analysis';
import { fitLandmarks } from '@likeness/core/fitting';
import { evaluateModel, type MorphableModel } from '@likeness/core/model';
import { buildAlbedo } from '@likeness/core/texture';
import { nodeRuntime } from '@likeness/graph/node';
import type { ModelManifest } from '@likeness/models';
import { decodePhoto, encodePng, readAnalysisNetworks } from '@likeness/node';
import { AVERAGE_SKIN_DEFAULTS, createSkinAverager, type AverageSkinOptions } from './average-skin.ts';
import { skinPeople, type SkinPerson } from './skin-people.ts';

export const SKIN_NAME = 'template-skin';
export const SKIN_VERSION = '1.0.0';

export interface TrainSkinOptions {
  /** Folder that holds `faces/`. */
  readonly data: string;
  /** Folder for `template-skin.png` and `.json`; made if absent. */
  readonly out: string;
  /** The head model whose chart the skin is drawn in. */
  readonly model: MorphableModel;
  /** Texels per side. */
  readonly size?: number;
  /** Use only so many people (for a try). */
  readonly limit?: number;
  readonly average?: AverageSkinOptions;
  readonly threads?: number;
  readonly onProgress?: (fraction: number, person: string) => void;
}

export const TRAIN_SKIN_DEFAULTS: Required<Pick<TrainSkinOptions, 'size' | 'threads'>> = {
  size: 512,
  threads: 2,
};

export interface TrainSkinResult {
  readonly manifest: ModelManifest;
  /** Path of the image. */
  readonly file: string;
}

/** @throws Error when the photographs are not there or none of them shows a face. */
export async function trainSkin(options: TrainSkinOptions): Promise<TrainSkinResult> {
  const size = options.size ?? TRAIN_SKIN_DEFAULTS.size;
  const { model } = options;
  const everybody = await skinPeople(options.data);
  const step = options.limit ? Math.max(1, Math.floor(everybody.length / options.limit)) : 1;
  const people = everybody.filter((_, i) => i % step === 0);
  const averager = createSkinAverager(model, options.average);
  const tones: number[][] = [];
  const used: SkinPerson[] = [];
  const analyser = await createAnalyser(await readAnalysisNetworks(), {
    runtime: nodeRuntime(),
    threads: options.threads ?? TRAIN_SKIN_DEFAULTS.threads,
  });
  try {
    for (const [index, person] of people.entries()) {
      options.onProgress?.(index / people.length, person.id);
      const photo = await decodePhoto(person.path);
      const face = (await analyser.analyse(photo)).at(0);
      if (!face) continue;
      const { parameters } = fitLandmarks(model, face, { widthPx: photo.width, heightPx: photo.height });
      const result = buildAlbedo({
        photo,
        model,
        positions: evaluateModel(model, parameters.identity, parameters.expression),
        camera: parameters.camera,
        landmarks: face.landmarks.points,
        size,
      });
      averager.add(result, person.weight);
      tones.push([...result.skinTone]);
      used.push(person);
    }
  } finally {
    await analyser.dispose();
  }
  if (used.length === 0)
    throw new Error(`train skin: no face was found in the photographs of ${options.data}.`);
  const png = await encodePng(averager.finish(), { compressionLevel: 9 });
  const manifest: ModelManifest = {
    format: 'model-manifest/1',
    name: SKIN_NAME,
    version: SKIN_VERSION,
    kind: 'skin',
    licence: 'CC-BY-4.0',
    description: `Mean delit skin in the chart of ${model.name} ${model.version}, symmetric and soft: the backdrop for what a photo does not show.`,
    file: `${SKIN_NAME}.png`,
    bytes: png.length,
    sha256: createHash('sha256').update(png).digest('hex'),
    command: `likeness train skin --data DIR -o DIR --size ${size}`,
    sources: SOURCES,
    figures: {
      people: used.length,
      groups: countGroups(used),
      sizeTexels: size,
      average: { ...AVERAGE_SKIN_DEFAULTS, ...options.average },
      toneLine: toneLine(tones),
    },
  };
  const file = await writeOutputs(options.out, png, manifest);
  options.onProgress?.(1, '');
  return { manifest, file };
}

const SOURCES: ModelManifest['sources'] = [
  {
    name: 'Face Research Lab London Set',
    url: 'https://doi.org/10.6084/m9.figshare.5047666.v5',
    version: 'v5, through debruine/webmorphR.stim fa8b78f',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones (2017)',
    use: 'neutral frontal photographs, averaged',
  },
  {
    name: 'Young Adult White Faces with Manipulated Versions',
    url: 'https://doi.org/10.6084/m9.figshare.4220517.v1',
    version: 'v1, through debruine/webmorphR.stim fa8b78f',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones (2017)',
    use: 'frontal photographs, averaged',
  },
];

function countGroups(people: readonly SkinPerson[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { group } of people) counts[group] = (counts[group] ?? 0) + 1;
  return counts;
}

/** Chroma against log green over the people, for comparison with the prior that splits skin and light. */
function toneLine(tones: readonly number[][]): Record<string, number> {
  const green = tones.map(([, g]) => Math.log(g));
  const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
  const middle = mean(green);
  const variance = mean(green.map((g) => (g - middle) ** 2));
  const line = (channel: 0 | 2): [number, number, number] => {
    const chroma = tones.map((tone, i) => Math.log(tone[channel]) - green[i]);
    const offset = mean(chroma);
    const slope = mean(chroma.map((x, i) => (x - offset) * (green[i] - middle))) / Math.max(variance, 1e-9);
    const rest = chroma.map((x, i) => x - offset - slope * (green[i] - middle));
    return [offset, slope, Math.sqrt(mean(rest.map((x) => x * x)))];
  };
  const [redOffset, redSlope, redDeviation] = line(0);
  const [blueOffset, blueSlope, blueDeviation] = line(2);
  const round = (x: number): number => Math.round(x * 1000) / 1000;
  return {
    logGreenMean: round(middle),
    logGreenDeviation: round(Math.sqrt(variance)),
    redOffset: round(redOffset),
    redSlope: round(redSlope),
    redDeviation: round(redDeviation),
    blueOffset: round(blueOffset),
    blueSlope: round(blueSlope),
    blueDeviation: round(blueDeviation),
  };
}

/** Both files under a passing name first, so that a broken run leaves no half model. */
async function writeOutputs(out: string, png: Uint8Array, manifest: ModelManifest): Promise<string> {
  await mkdir(out, { recursive: true });
  const image = join(out, `${SKIN_NAME}.png`);
  const json = join(out, `${SKIN_NAME}.json`);
  await writeFile(`${image}.part`, png);
  await writeFile(`${json}.part`, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(`${image}.part`, image);
  await rename(`${json}.part`, json);
  return image;
}
