/** What the pipeline takes and gives: plain data, so that a result can cross a worker's boundary. */
import type { FaceAnalysis, IdentityNetwork } from '../analysis/index.ts';
import type { FitResult } from '../fitting/index.ts';
import type { Image } from '../image/index.ts';
import type { MorphableModel } from '../model/index.ts';
import type { LinearTexture } from '../texture/index.ts';

export type PresetName = 'draft' | 'standard' | 'high';

/** What a preset decides. Today the presets differ in the texture alone: the joint photometric fit is still to come. */
export interface Preset {
  /** Side of the albedo map in pixels. */
  readonly textureSizePx: number;
  /** Height of the overlay's panels in pixels. */
  readonly overlayHeightPx: number;
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  draft: { textureSizePx: 1024, overlayHeightPx: 512 },
  standard: { textureSizePx: 2048, overlayHeightPx: 768 },
  high: { textureSizePx: 4096, overlayHeightPx: 1024 },
};

/** What a fit uses beside the photo. */
export interface FitAssets {
  readonly model: MorphableModel;
  /** Measures how like the render is to the photo; without it `identitySimilarity` is absent. */
  readonly identity?: IdentityNetwork;
  /** sRGB8 albedo in the model's chart that fills what the photo does not show. */
  readonly templateSkin?: Image;
  /** Needed for `texture: 'pca'`. */
  readonly linearTexture?: LinearTexture;
}

/** A step of the pipeline has begun; `fraction` of the work lies behind it. */
export interface FitEvent {
  readonly stage: string;
  /** 0..1, non-decreasing; 1 with the last event. */
  readonly fraction: number;
  /** The median landmark error as a fraction of the outer-eye distance, once it is known. */
  readonly loss?: number;
}

/**
 * Where the albedo comes from: `completed` is the photo where it shows the head and skin elsewhere; `pca` is the linear
 * texture model's most probable map for what the photo shows.
 */
export type TextureKind = 'completed' | 'pca';

export interface FitPhotoOptions {
  readonly preset?: PresetName;
  readonly texture?: TextureKind;
  /** Seed of everything random. The stages of today are deterministic and use none. */
  readonly seed?: number;
  /** Focal length in pixels of the photo where it is known. */
  readonly focalPx?: number;
  /** Milliseconds from any start, `performance.now` for one; without it timings stay 0. */
  readonly now?: () => number;
}

export const FIT_PHOTO_DEFAULTS: Required<Pick<FitPhotoOptions, 'preset' | 'seed' | 'texture'>> = {
  preset: 'draft',
  texture: 'completed',
  seed: 0,
};

/** Where an albedo came from. */
export interface HeadTexture {
  readonly kind: TextureKind;
  /** The texture model's name, and p_t in standard deviations, where there is one. */
  readonly model?: string;
  readonly latent?: Float32Array;
}

/** A fitted, textured head. */
export interface HeadResult {
  readonly model: MorphableModel;
  readonly preset: PresetName;
  readonly seed: number;
  readonly face: FaceAnalysis;
  /** Pose, camera, p_s, p_e and the estimated light. */
  readonly fit: FitResult;
  /** [V, 3] model mm, neutral expression. */
  readonly neutral: Float32Array;
  /** [V, 3] model mm, the photo's expression. */
  readonly positions: Float32Array;
  /** sRGB8, three channels, in the model's chart. */
  readonly albedo: Image;
  /** What made the albedo. */
  readonly texture: HeadTexture;
  /** Share of the face's texels that the photo shows, 0..1. */
  readonly photoShare: number;
  /** Photo, render over photo, shape and albedo side by side. */
  readonly overlay: Image;
  /** Cosine of the identity embeddings of photo and render, and the network that made them. */
  readonly identitySimilarity?: number;
  readonly identityNetwork?: string;
  /** Milliseconds by step. */
  readonly timings: Readonly<Record<string, number>>;
  /** The fit's warnings and those of the later steps. */
  readonly warnings: readonly string[];
}
