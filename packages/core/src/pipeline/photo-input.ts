/** One photo as the pipeline takes it. */
import type { FaceAnalysis } from '../analysis/index.ts';
import type { Photo } from '../image/index.ts';

export interface PhotoInput {
  readonly photo: Photo;
  readonly face: FaceAnalysis;
  /** What warnings call it. */
  readonly name?: string;
  /** Focal length in pixels of the photo where it is known. */
  readonly focalPx?: number;
  /** The face's embedding by `assets.identity`, where that is not the network of the analysis. */
  readonly embedding?: Float32Array;
}
