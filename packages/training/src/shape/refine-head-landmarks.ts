/**
 * The last step of the landmark embedding: photographs of training people correct what renders got wrong, and photographs
 * of held-out people tell whether it helped.
 */
import type { FaceAnalysis } from '@likeness/core/analysis';
import { fitLandmarks } from '@likeness/core/fitting';
import type { FitResult } from '@likeness/core/fitting';
import type { Photo } from '@likeness/core/image';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import { decodePhoto } from '@likeness/node';
import { MEDIAPIPE_MIRROR } from '../landmarks/index.ts';
import { photoResiduals } from '../landmarks/photo-residuals.ts';
import { refineEmbedding } from '../landmarks/refine-embedding.ts';
import { median } from '../landmarks/surface-average.ts';
import type { TrainingPhotos } from '../landmarks/training-photos.ts';

export interface PhotoRefinement {
  readonly embedding: LandmarkEmbedding;
  readonly figures: {
    readonly trainingPhotos: number;
    readonly heldOutPhotos: number;
    readonly meanShiftMm: number;
    readonly maxShiftMm: number;
    /** Median over held-out photos of the fit's median landmark error, in % of the outer-eye distance. */
    readonly heldOutErrorBeforePercent: number;
    readonly heldOutErrorAfterPercent: number;
  };
}

interface Face {
  readonly analysis: FaceAnalysis;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** @throws Error naming the photo in which no face was found */
export async function refineHeadLandmarks(
  model: MorphableModel,
  photos: TrainingPhotos,
  analyse: (photo: Photo) => Promise<FaceAnalysis | undefined>,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<PhotoRefinement> {
  const total = photos.train.length + photos.heldOut.length;
  let done = 0;
  const read = async (paths: readonly string[]): Promise<Face[]> => {
    const faces: Face[] = [];
    for (const path of paths) {
      const photo = await decodePhoto(path);
      const analysis = await analyse(photo);
      if (!analysis) throw new Error(`No face was found in the training photo ${path}.`);
      faces.push({ analysis, widthPx: photo.width, heightPx: photo.height });
      onProgress(++done / total);
    }
    return faces;
  };
  const train = await read(photos.train);
  const heldOut = await read(photos.heldOut);
  // The shipped nuisance modes are learned for the embedding that comes out of here, so the fit does without.
  const fit = (head: MorphableModel, face: Face): FitResult =>
    fitLandmarks(head, face.analysis, face, { nuisance: 'none' });
  const errorPercent = (head: MorphableModel): number =>
    100 * median(heldOut.map((face) => fit(head, face).landmarkError.median));
  const before = model.landmarks['mediapipe468'];
  const residuals = train.map((face) =>
    photoResiduals(model, before, fit(model, face).parameters, face.analysis.landmarks.points),
  );
  const { embedding, meanShiftMm, maxShiftMm } = refineEmbedding(model, before, residuals, {
    mirror: MEDIAPIPE_MIRROR,
  });
  const refined = { ...model, landmarks: { ...model.landmarks, mediapipe468: embedding } };
  return {
    embedding,
    figures: {
      trainingPhotos: train.length,
      heldOutPhotos: heldOut.length,
      meanShiftMm,
      maxShiftMm,
      heldOutErrorBeforePercent: errorPercent(model),
      heldOutErrorAfterPercent: errorPercent(refined),
    },
  };
}
