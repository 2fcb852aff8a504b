/** What the joint fit takes and gives. */
import type { DifferentiableIdentityNetwork, FaceAnalysis } from '../../analysis/index.ts';
import type { PinholeCamera } from '../../camera/index.ts';
import type { Image, Photo } from '../../image/index.ts';
import type { SphericalHarmonicsLight } from '../../lighting/index.ts';
import type { MorphableModel } from '../../model/index.ts';
import type { PhotoMask, TextureModel } from '../../texture/index.ts';
import type { Runtime } from '@likeness/graph';
import type { FitResult } from '../types.ts';
import type { RandomViewOptions } from './random-view.ts';
import type { LossName, ParameterGroup, Stage } from './stages.ts';

/** One photo of the person and where its fit starts. */
export interface JointPhoto {
  readonly photo: Photo;
  readonly landmarks: FaceAnalysis['landmarks'];
  /** The landmark fit of this photo. */
  readonly start: FitResult;
  /** Where the person's own skin is seen, 0..1: `observeSkin`'s mask for one. Beyond its box nothing is compared. */
  readonly mask: PhotoMask;
  /** The light to start from, in the world frame. */
  readonly light: SphericalHarmonicsLight;
}

/** How several photos of one person become one head. */
export type Sharing =
  /** One p_s and one p_t for all photos, from the first step on. */
  | 'joint'
  /** The paper's: each photo by itself, then the mean of p_s and of p_t, then the rest once more with these held. */
  | 'average';

export interface JointIteration {
  readonly stage: string;
  /** Steps done in this stage, 1 and up, and the most there will be. */
  readonly step: number;
  readonly steps: number;
  /** Share of the whole fit that lies behind, 0..1. */
  readonly fraction: number;
  /** Mean over photos of the weighted sum, and of each term before its weight. */
  readonly loss: number;
  readonly losses: Readonly<Partial<Record<LossName, number>>>;
  /** Renders each photo's head over its crop as it is now, sRGB8. Costs a rasterisation and a program's run a photo. */
  readonly render: () => Promise<Image[]>;
}

export interface JointFitOptions {
  /** At least one; all of one person. */
  readonly photos: readonly JointPhoto[];
  readonly model: MorphableModel;
  readonly texture: TextureModel;
  /** Not needed where no stage asks it. */
  readonly identity?: DifferentiableIdentityNetwork | undefined;
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
  readonly stages: readonly Stage[];
  readonly seed?: number | undefined;
  readonly sharing?: Sharing | undefined;
  /** [L] p_t to start from; where absent what the texture model reads off the photos (`encode`), or zeros. */
  readonly textureStart?: Float32Array | undefined;
  readonly randomView?: RandomViewOptions | undefined;
  /** Told after each step, and awaited. */
  readonly onIteration?: ((iteration: JointIteration) => void | Promise<void>) | undefined;
  /** An `AbortSignal`, or anything like it: looked at before each step. */
  readonly signal?: { readonly aborted: boolean; readonly reason?: unknown } | undefined;
  /** Milliseconds from any start, `performance.now` for one; without it timings stay 0. */
  readonly now?: (() => number) | undefined;
}

export interface JointPhotoFit {
  /** [K_e] p_e, 0..1. */
  readonly expression: Float32Array;
  readonly camera: PinholeCamera;
  readonly light: SphericalHarmonicsLight;
  /** Each term of the last stage at its end, before its weight. */
  readonly losses: Readonly<Partial<Record<LossName, number>>>;
}

/** One step of a stage, as it was before the step was taken. */
export interface HistoryEntry {
  readonly stage: string;
  readonly step: number;
  readonly loss: number;
  readonly losses: Readonly<Partial<Record<LossName, number>>>;
}

export interface JointStageReport {
  readonly name: string;
  readonly steps: number;
  /** `steps`: they were used up; `plateau`: the loss no longer fell. */
  readonly stopped: 'steps' | 'plateau';
  readonly loss: number;
  readonly losses: Readonly<Partial<Record<LossName, number>>>;
  readonly milliseconds: number;
}

export interface JointFit {
  /** [K_s] p_s, standard deviations. */
  readonly identity: Float32Array;
  /** [L] p_t. */
  readonly texture: Float32Array;
  readonly photos: readonly JointPhotoFit[];
  readonly stages: readonly JointStageReport[];
  readonly history: readonly HistoryEntry[];
  /** Milliseconds by part: compile, targets, geometry, raster, program. */
  readonly timings: Readonly<Record<string, number>>;
}

/** The fit cannot go on: a loss is not a number, or the stages ask for what is not there. The message names stage, step and term. */
export class JointFitError extends Error {
  override readonly name: string = 'JointFitError';
  readonly stage: string | undefined;
  readonly step: number | undefined;
  readonly groups: readonly ParameterGroup[];
  constructor(message: string, stage?: string, step?: number, groups: readonly ParameterGroup[] = []) {
    super(message);
    this.stage = stage;
    this.step = step;
    this.groups = groups;
  }
}
