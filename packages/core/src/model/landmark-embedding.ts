/**
 * Where a landmark convention lies on a model's surface: a triangle and barycentric coordinates per landmark.
 */
export interface LandmarkEmbedding {
  readonly name: string;
  readonly count: number;
  /** [N] triangle index into the model's triangles. */
  readonly triangle: Uint32Array;
  /** [N, 3] barycentric coordinates, sum 1. */
  readonly barycentric: Float32Array;
  /** [N] standard deviation in mm of the embedding over the identities, poses and lights it was averaged from. */
  readonly deviationMm: Float32Array;
  /** Landmarks that slide along the silhouette with yaw; the fit lets them move on the contour. */
  readonly contour: Uint32Array;
}
