/**
 * Moves an embedding by what photographs say: where the model, fitted to many people, keeps missing a landmark by the same
 * millimetres, the landmark lies elsewhere on the surface than the renders made believe (drawn faces lack pores, folds,
 * hair). Only people set aside for training are used, and the shift is symmetric.
 */
import { createSurfaceTree } from '@likeness/core/geometry';
import { landmarkPositions } from '@likeness/core/model';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import { skinTriangles } from './embed-landmarks.ts';
import { median } from './surface-average.ts';

export interface RefineEmbeddingOptions {
  /** [N] mirror partner of each landmark. */
  readonly mirror: ArrayLike<number>;
  /** Largest shift, mm: what lies beyond is no error of the embedding. */
  readonly limitMm?: number;
}

export const REFINE_EMBEDDING_DEFAULTS: { readonly limitMm: number } = { limitMm: 6 };

export interface RefinedEmbedding {
  readonly embedding: LandmarkEmbedding;
  /** Mean shift of the landmarks that were moved, mm. */
  readonly meanShiftMm: number;
  readonly maxShiftMm: number;
}

const SURFACE_STEPS = 8;

/**
 * @param residuals of each photo [N, 2]: detected minus modelled landmark along the head's +X and +Y, mm (frontal photos)
 * @returns the embedding with every landmark but the contour's moved by the median residual, left and right pooled
 */
export function refineEmbedding(
  model: MorphableModel,
  embedding: LandmarkEmbedding,
  residuals: readonly Float32Array[],
  options: RefineEmbeddingOptions,
): RefinedEmbedding {
  if (residuals.length === 0) throw new RangeError('refineEmbedding: at least one photo is needed.');
  const { mirror } = options;
  const limit = options.limitMm ?? REFINE_EMBEDDING_DEFAULTS.limitMm;
  const contour = new Set(embedding.contour);
  const tree = createSurfaceTree(model.mean, skinTriangles(model));
  const start = model.parts.find(({ name }) => name === 'skin')?.triangleStart ?? 0;
  const points = landmarkPositions(model, embedding, model.mean);
  const triangle = embedding.triangle.slice();
  const barycentric = embedding.barycentric.slice();
  const shifts: number[] = [];
  for (let n = 0; n < embedding.count; n++) {
    if (contour.has(n)) continue;
    const pooled = [0, 1].map((c) =>
      median(residuals.flatMap((r) => [r[n * 2 + c], (c === 0 ? -1 : 1) * r[mirror[n] * 2 + c]])),
    );
    const length = Math.hypot(...pooled);
    const scale = length > limit ? limit / length : 1;
    const [x, y] = [0, 1].map((c) => points[n * 3 + c] + scale * pooled[c]);
    // The photos tell x and y; the surface tells the depth there, found by sliding along it.
    let hit = tree.closestPoint(x, y, points[n * 3 + 2]);
    for (let step = 0; step < SURFACE_STEPS; step++) hit = tree.closestPoint(x, y, hit.point[2]);
    triangle[n] = start + hit.triangle;
    barycentric.set(hit.barycentric, n * 3);
    shifts.push(Math.hypot(...[0, 1, 2].map((c) => hit.point[c] - points[n * 3 + c])));
  }
  return {
    embedding: { ...embedding, triangle, barycentric },
    meanShiftMm: shifts.reduce((a, b) => a + b, 0) / shifts.length,
    maxShiftMm: Math.max(...shifts),
  };
}
