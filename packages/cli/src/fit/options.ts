/** The options of `likeness fit` as the command line gives them. */

export type FaceChoice = 'largest' | 'all' | number;

export interface FitCommandOptions {
  readonly output: string;
  readonly preset: 'draft' | 'standard' | 'high';
  readonly model: string;
  readonly texture: 'completed' | 'generated' | 'pca';
  readonly identityNet?: string;
  readonly samePerson: boolean;
  readonly face: FaceChoice;
  readonly seed: number;
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  readonly format: 'glb' | 'obj';
  readonly json: boolean;
  readonly debug: boolean;
}

export const FIT_COMMAND_DEFAULTS: FitCommandOptions = {
  output: 'likeness-out',
  preset: 'draft',
  model: 'likeness-head',
  texture: 'completed',
  samePerson: false,
  face: 'largest',
  seed: 0,
  device: 'cpu',
  format: 'glb',
  json: false,
  debug: false,
};
