/**
 * What the tools of the landmark fit share: faces of the shared data analysed once, the default model.
 *
 * Analysing 210 photos takes half a minute; LIKENESS_ANALYSIS_CACHE=FOLDER keeps the result between runs.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { createAnalyser, type Analyser, type FaceAnalysis } from '@likeness/core/analysis';
import type { MorphableModel } from '@likeness/core/model';
import { nodeRuntime } from '@likeness/graph/node';
import { decodePhoto, loadHeadModel, readAnalysisNetworks } from '@likeness/node';
import { photosIn, requireData } from '../common.ts';

/** The largest face of one photo. */
export interface AnalysedFace {
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly landmarks: FaceAnalysis['landmarks'];
  readonly points68: Float32Array;
  readonly embedding: Float32Array;
}

/** `--model NAME|PATH` as for the command line. */
export async function openModel(): Promise<MorphableModel> {
  const at = process.argv.indexOf('--model');
  return loadHeadModel(at >= 0 ? process.argv[at + 1] : 'likeness-head');
}

/** Every photo of `faces/<folder>` with its largest face, by name. */
export async function facesOf(folder: string): Promise<AnalysedFace[]> {
  const paths = await photosIn(requireData('faces', folder));
  const cache = process.env['LIKENESS_ANALYSIS_CACHE'];
  const faces: AnalysedFace[] = [];
  let analyser: Analyser | undefined;
  for (const path of paths) {
    const name = basename(path, extname(path));
    const file = cache === undefined ? undefined : join(cache, folder, `${name}.json`);
    if (file !== undefined && existsSync(file)) {
      faces.push(fromJson(name, JSON.parse(await readFile(file, 'utf8')) as readonly CachedFace[]));
      continue;
    }
    analyser ??= await createAnalyser(await readAnalysisNetworks(), { runtime: nodeRuntime(), threads: 2 });
    const photo = await decodePhoto(path);
    const found = await analyser.analyse(photo);
    const cached = found.map((face): CachedFace => ({
      widthPx: photo.width,
      heightPx: photo.height,
      landmarks: { points: Array.from(face.landmarks.points), confidence: face.landmarks.confidence },
      points68: Array.from(face.points68),
      embedding: Array.from(face.embedding),
    }));
    if (file !== undefined) {
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, JSON.stringify(cached));
    }
    faces.push(fromJson(name, cached));
  }
  await analyser?.dispose();
  return faces;
}

interface CachedFace {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly landmarks: { readonly points: readonly number[]; readonly confidence: number };
  readonly points68: readonly number[];
  readonly embedding: readonly number[];
}

function fromJson(name: string, faces: readonly CachedFace[]): AnalysedFace {
  const face = faces.at(0);
  if (face === undefined) throw new Error(`No face was found in ${name}.`);
  return {
    name,
    widthPx: face.widthPx,
    heightPx: face.heightPx,
    landmarks: { points: Float32Array.from(face.landmarks.points), confidence: face.landmarks.confidence },
    points68: Float32Array.from(face.points68),
    embedding: Float32Array.from(face.embedding),
  };
}
