/**
 * The landmarks of likeness-head: 468 points found by rendering and detecting, and the 68 iBUG points read off them the way
 * the analysis reads them off a photo, so that both sides of the fit mean the same places.
 */
import { IBUG68_TO_MESH } from '@likeness/core/analysis';
import { landmarkPositions } from '@likeness/core/model';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import {
  embedLandmarks,
  MEDIAPIPE_COUNT,
  MEDIAPIPE_INNER_LIPS,
  MEDIAPIPE_MIRROR,
  MEDIAPIPE_OVAL,
} from '../landmarks/index.ts';
import type { AnalyserLocate } from '../landmarks/index.ts';
import type { TrainingPhotos } from '../landmarks/training-photos.ts';
import { refineHeadLandmarks } from './refine-head-landmarks.ts';
import type { PhotoRefinement } from './refine-head-landmarks.ts';

/** Share of the stage's time that the renders take, where photographs follow. */
const RENDER_SHARE = 0.7;
const JAW = Array.from({ length: 17 }, (_, i) => i);

export interface HeadLandmarks {
  readonly landmarks: Readonly<Record<string, LandmarkEmbedding>>;
  readonly figures: {
    readonly mediapipe468: {
      readonly scenes: number;
      readonly found: number;
      readonly medianDeviationMm: number;
      readonly p90DeviationMm: number;
      readonly maxDeviationMm: number;
      readonly leftRightMm: number;
      readonly photos?: PhotoRefinement['figures'];
    };
    readonly ibug68: {
      /** Mean distance to the places the source's authors marked by hand. */
      readonly jawToSourceMm: number;
      readonly othersToSourceMm: number;
    };
  };
}

/** @param model with the source's own marks as `ibug68`: they place brows and lips in the renders */
export async function headLandmarks(
  model: MorphableModel,
  analyser: Pick<AnalyserLocate, 'locate'> & Partial<Pick<AnalyserLocate, 'analyse'>>,
  options: {
    readonly scenes: number;
    readonly seed: number;
    /** Photographs that correct the embedding; they need `analyser.analyse`. */
    readonly photos?: TrainingPhotos;
    readonly onProgress?: (fraction: number) => void;
  },
): Promise<HeadLandmarks> {
  const share = options.photos && analyser.analyse ? RENDER_SHARE : 1;
  const rendered = await embedLandmarks(model, analyser.locate, {
    name: 'mediapipe468',
    count: MEDIAPIPE_COUNT,
    mirror: MEDIAPIPE_MIRROR,
    contour: MEDIAPIPE_OVAL,
    openMouth: MEDIAPIPE_INNER_LIPS,
    scenes: options.scenes,
    seed: options.seed,
    onProgress: (done, total) => options.onProgress?.((share * done) / total),
  });
  const refined =
    options.photos && analyser.analyse
      ? await refineHeadLandmarks(
          { ...model, landmarks: { mediapipe468: rendered.embedding } },
          options.photos,
          analyser.analyse,
          (fraction) => options.onProgress?.(share + (1 - share) * fraction),
        )
      : undefined;
  const embedding = refined?.embedding ?? rendered.embedding;
  const ibug68 = selectLandmarks('ibug68', embedding, IBUG68_TO_MESH, JAW);
  const marked = landmarkPositions(model, model.landmarks['ibug68'], model.mean);
  const derived = landmarkPositions(model, ibug68, model.mean);
  const gap = (from: number, to: number): number => {
    let sum = 0;
    for (let n = from; n < to; n++)
      sum += Math.hypot(...[0, 1, 2].map((c) => marked[n * 3 + c] - derived[n * 3 + c])) / (to - from);
    return sum;
  };
  const sorted = embedding.deviationMm.toSorted();
  const quantile = (q: number): number => sorted[Math.round(q * (sorted.length - 1))];
  return {
    landmarks: { ibug68, mediapipe468: embedding },
    figures: {
      mediapipe468: {
        scenes: rendered.scenes,
        found: rendered.found,
        medianDeviationMm: quantile(0.5),
        p90DeviationMm: quantile(0.9),
        maxDeviationMm: quantile(1),
        leftRightMm: rendered.asymmetryMm,
        ...(refined ? { photos: refined.figures } : {}),
      },
      ibug68: { jawToSourceMm: gap(0, JAW.length), othersToSourceMm: gap(JAW.length, 68) },
    },
  };
}

function selectLandmarks(
  name: string,
  from: LandmarkEmbedding,
  indices: readonly number[],
  contour: readonly number[],
): LandmarkEmbedding {
  const count = indices.length;
  const barycentric = new Float32Array(count * 3);
  for (const [n, i] of indices.entries()) barycentric.set(from.barycentric.subarray(i * 3, i * 3 + 3), n * 3);
  return {
    name,
    count,
    triangle: Uint32Array.from(indices, (i) => from.triangle[i]),
    barycentric,
    deviationMm: Float32Array.from(indices, (i) => from.deviationMm[i]),
    contour: Uint32Array.from(contour),
  };
}
