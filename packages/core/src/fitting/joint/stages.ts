/**
 * Stages as data: what is free, what is minimised and for how long. An ablation is an edit to a list, and research can
 * bring its own list as JSON.
 */

/** What can be set free. Identity and texture belong to the person, the rest to each photo. */
export type ParameterGroup =
  'identity' | 'expression' | 'texture' | 'rotation' | 'translation' | 'focal' | 'light';

export const PARAMETER_GROUPS: readonly ParameterGroup[] = [
  'identity',
  'expression',
  'texture',
  'rotation',
  'translation',
  'focal',
  'light',
];

/**
 * Terms of the energy. The first six are GANFIT's (Gecer et al. 2019), the `..Start` terms hold a group near what
 * the stages before found, in the group's own units.
 */
export type LossName =
  | 'identity'
  | 'identityRandom'
  | 'content'
  | 'pixel'
  | 'landmark'
  | 'identityPrior'
  | 'expressionPrior'
  | 'latent'
  | 'latentBound'
  | 'lightPrior'
  | 'identityStart'
  | 'expressionStart'
  | 'textureStart'
  | 'cameraStart'
  | 'lightStart';

export const LOSS_NAMES: readonly LossName[] = [
  'identity',
  'identityRandom',
  'content',
  'pixel',
  'landmark',
  'identityPrior',
  'expressionPrior',
  'latent',
  'latentBound',
  'lightPrior',
  'identityStart',
  'expressionStart',
  'textureStart',
  'cameraStart',
  'lightStart',
];

/** When to stop before the steps are used up. */
export interface Plateau {
  /** Steps over which the loss has to fall. */
  readonly patience: number;
  /** Relative fall over that many steps below which it stops. */
  readonly tolerance: number;
}

export interface Stage {
  readonly name: string;
  readonly free: readonly ParameterGroup[];
  /** Weight of each term; a term that is absent or 0 is not computed. */
  readonly losses: Readonly<Partial<Record<LossName, number>>>;
  readonly steps: number;
  /**
   * Adam's rate, in the groups' own units (see `PARAMETER_UNITS`): one number for all, or by group, where a group that is
   * not named keeps `STAGE_DEFAULTS.learningRate`.
   */
  readonly learningRate: number | Readonly<Partial<Record<ParameterGroup, number>>>;
  /**
   * Side of the render in pixels. Stages that ask the identity network are rendered at its input size, whatever this
   * says; the others default to `STAGE_DEFAULTS.renderSizePx`.
   */
  readonly renderSizePx?: number;
  /** Texels per side that the texture is evaluated at; at most the model's own, which is the default. */
  readonly textureSize?: number;
  readonly plateau?: Plateau;
}

export const STAGE_DEFAULTS: {
  readonly learningRate: number;
  readonly renderSizePx: number;
} = { learningRate: 0.05, renderSizePx: 112 };

/** Terms for which the identity network has to look at the render over the photo, or at the random view. */
export const NETWORK_LOSSES: readonly LossName[] = ['identity', 'identityRandom', 'content'];

/** Whether a stage minimises the term. */
export function uses(stage: Stage, loss: LossName): boolean {
  return (stage.losses[loss] ?? 0) !== 0;
}

/** Adam's rate of one group in a stage. */
export function rateOf({ learningRate }: Stage, group: ParameterGroup): number {
  return typeof learningRate === 'number'
    ? learningRate
    : (learningRate[group] ?? STAGE_DEFAULTS.learningRate);
}
