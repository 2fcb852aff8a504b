/** What the pipeline takes and gives: plain data, so that a result can cross a worker's boundary. */
import type { Runtime } from '@likeness/graph';
import type { DifferentiableIdentityNetwork, FaceAnalysis, IdentityNetwork } from '../analysis/index.ts';
import type { JointFit, JointFitter, JointIteration, Sharing, Stage } from '../fitting/joint/index.ts';
import type { FitResult } from '../fitting/index.ts';
import type { Image } from '../image/index.ts';
import type { MorphableModel } from '../model/index.ts';
import type { LinearTexture, TextureModel } from '../texture/index.ts';
import type { RegionConfidence } from './region-confidence.ts';

export type PresetName = 'draft' | 'standard' | 'high';

/** What a preset decides. */
export interface Preset {
  /** Side of the albedo map in pixels. */
  readonly textureSizePx: number;
  /** Height of the overlay's panels in pixels. */
  readonly overlayHeightPx: number;
  /** Whether the joint fit follows the landmark fit; its stages are `JOINT_PRESETS` of the same name. */
  readonly joint: boolean;
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  draft: { textureSizePx: 1024, overlayHeightPx: 512, joint: false },
  standard: { textureSizePx: 2048, overlayHeightPx: 768, joint: true },
  high: { textureSizePx: 4096, overlayHeightPx: 1024, joint: true },
};

/** What a fit uses beside the photo. */
export interface FitAssets {
  readonly model: MorphableModel;
  /** Measures how like the render is to the photo; without it `identitySimilarity` is absent. */
  readonly identity?: IdentityNetwork;
  /** sRGB8 albedo in the model's chart that fills what the photo does not show. */
  readonly templateSkin?: Image;
  /** Needed for `texture: 'pca'`, and what the joint fit moves in where there is no `textureModel`. */
  readonly linearTexture?: LinearTexture;
  /** The texture model of the joint fit and of `texture: 'generated'`: a generator for one. */
  readonly textureModel?: TextureModel;
  /**
   * Draws what the photo does not show of `texture: 'completed'`. Without it a joint fit's texture model does, and without a joint
   * fit the template skin: a draft has no time to ask a generator.
   */
  readonly completion?: TextureModel;
  /** The joint fit's identity network; `identity` should measure by the same one. Needed by stages that ask it. */
  readonly identityNetwork?: DifferentiableIdentityNetwork;
  /** The joint fit's programs, kept loaded between photos: made from the same model, texture and network as these assets. */
  readonly jointFitter?: JointFitter;
  /** What programs run on. Needed by the joint fit and by `texture: 'generated'`. */
  readonly runtime?: Runtime;
  /** Threads of each program; the runtime's own default where absent. */
  readonly threads?: number;
}

/** A step of the pipeline has begun, or the joint fit has taken one of its own; `fraction` of the work lies behind it. */
export interface FitEvent {
  readonly stage: string;
  /** 0..1, non-decreasing; 1 with the last event. */
  readonly fraction: number;
  /** The median landmark error as a fraction of the outer-eye distance; during the joint fit its weighted loss. */
  readonly loss?: number;
  /** During the joint fit: steps of this stage that are done, the most there will be, and each term before its weight. */
  readonly step?: number;
  readonly steps?: number;
  readonly losses?: Readonly<Record<string, number>>;
}

/**
 * Where the albedo comes from: `completed` is the photo where it shows the head and the texture model's skin elsewhere; `pca` is the linear
 * texture model's map and `generated` the generator's, fitted to what the photo shows.
 */
export type TextureKind = 'completed' | 'generated' | 'pca';

/** The joint fit's head at one step, as it lies over each photo. */
export interface FitSnapshot {
  readonly stage: string;
  readonly step: number;
  /** One a photo, sRGB8. */
  readonly renders: readonly Image[];
}

export interface FitPhotoOptions {
  readonly preset?: PresetName;
  readonly texture?: TextureKind;
  /** Seed of everything random: the joint fit's random views. */
  readonly seed?: number;
  /** The joint fit's stages instead of the preset's; given, they are run by every preset, draft too. */
  readonly stages?: readonly Stage[];
  /** Keeps the render of every so many iterations of the joint fit (and its last). */
  readonly snapshotEvery?: number;
  /** Told after each step of the joint fit, and awaited. */
  readonly onIteration?: (iteration: JointIteration) => void | Promise<void>;
  /** An `AbortSignal`, or anything like it: looked at before each step of the joint fit. */
  readonly signal?: { readonly aborted: boolean; readonly reason?: unknown };
  /** Focal length in pixels of the photo where it is known. */
  readonly focalPx?: number;
  /** The face's embedding by `assets.identity`, where that is not the network of the analysis. */
  readonly embedding?: Float32Array;
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
  /**
   * The texture model that was fitted and p_t in standard deviations, where there is one: the whole albedo of `pca` and
   * `generated`, what the photo does not show of `completed`.
   */
  readonly model?: string;
  readonly latent?: Float32Array;
}

/** What the joint fit did, step by step. */
export interface JointRecord {
  readonly identityNetwork?: string;
  readonly textureModel: string;
  /** How several photos were brought together. */
  readonly sharing: Sharing;
  readonly stages: JointFit['stages'];
  readonly history: JointFit['history'];
  /** Milliseconds by part. */
  readonly timings: JointFit['timings'];
  readonly snapshots: readonly FitSnapshot[];
}

/** One photo of a head that was fitted to several. */
export interface HeadPhoto {
  /** The photo's place in the list given. */
  readonly index: number;
  readonly face: FaceAnalysis;
  readonly fit: FitResult;
  /** [V, 3] model mm, this photo's expression. */
  readonly positions: Float32Array;
  readonly overlay: Image;
  readonly photoShare: number;
  readonly confidence: RegionConfidence;
  readonly identitySimilarity?: number;
  readonly identitySimilarityBefore?: number;
  readonly warnings: readonly string[];
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
  /** The same for the draft's head, before the joint fit; absent where none was run, and for `texture: 'generated'`. */
  readonly identitySimilarityBefore?: number;
  /** How far each region rests on the photo (on the photo that shows it best where there are several), 0..1. */
  readonly confidence: RegionConfidence;
  /** What the joint fit did; absent where none was run. */
  readonly joint?: JointRecord;
  /** Every photo of the head where several were given, in their order; `face`, `fit` and `overlay` are the most frontal one's. */
  readonly photos?: readonly HeadPhoto[];
  /** Milliseconds by step. */
  readonly timings: Readonly<Record<string, number>>;
  /** The fit's warnings and those of the later steps. */
  readonly warnings: readonly string[];
}
