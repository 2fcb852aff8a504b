/**
 * The 3D morphable model (Blanz & Vetter 1999): V(p_s, p_e) = mean + sum_k p_s[k] S_k + sum_j p_e[j] E_j.
 * One interface for the default model and every imported one.
 */
import type { LandmarkEmbedding } from './landmark-embedding.ts';

/** A linear basis of vertex displacements. */
export interface LinearBasis {
  readonly count: number;
  readonly names: readonly string[];
  /** [count, V, 3] millimetres for coefficient 1: one standard deviation (identity) or full activation (expression). */
  readonly deltas: Float32Array;
  /** [count] square roots of the PCA's eigenvalues where the basis came from one: weighted RMS displacement at coefficient 1. */
  readonly standardDeviationsMm?: Float32Array;
}

/** A run of triangles with a meaning and a material of its own. */
export interface ModelPart {
  /** `skin`, `eyeball_left`, `eyeball_right`, `teeth`, ... `left` is the subject's left (+X). */
  readonly name: string;
  readonly triangleStart: number;
  readonly triangleCount: number;
  readonly vertexStart: number;
  readonly vertexCount: number;
}

export interface MorphableModel {
  /** `likeness-head`, `ict-facekit`, ... */
  readonly name: string;
  readonly version: string;
  readonly vertexCount: number;
  /** [V, 3] mm. */
  readonly mean: Float32Array;
  /** [T, 3] counter-clockwise from outside. */
  readonly triangles: Uint32Array;
  /** [U, 2] in 0..1, origin top left. */
  readonly uvs: Float32Array;
  /** [T, 3] */
  readonly uvTriangles: Uint32Array;
  /** Coefficients are N(0, 1) under the prior. */
  readonly identity: LinearBasis;
  /** Coefficients in 0..1; ARKit names where they exist. */
  readonly expression: LinearBasis;
  readonly parts: readonly ModelPart[];
  /** [V] index of each vertex's mirror image under x -> -x; itself on the midline. */
  readonly mirror?: Uint32Array;
  /** Closed vertex loops by name: `eyelid_left`, `eyelid_right`, `lips_inner`, `neck`. */
  readonly loops: Readonly<Record<string, Uint32Array>>;
  /** Per-vertex region weights 0..1 by name (`face`, `scalp`, `ears`, `neck`, ...), each [V]. */
  readonly regions: Readonly<Record<string, Float32Array>>;
  /** Landmark embeddings by name: `mediapipe468`, `ibug68`. */
  readonly landmarks: Readonly<Record<string, LandmarkEmbedding>>;
  readonly licence: string;
}
