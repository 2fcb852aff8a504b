/** The options of `likeness fit` as the command line gives them. */
import { InvalidArgumentError } from 'commander';

export type FaceChoice = 'largest' | 'all' | number;

export interface FitCommandOptions {
  readonly output: string;
  readonly preset: 'draft' | 'standard' | 'high';
  readonly model: string;
  readonly texture: 'completed' | 'generated' | 'pca';
  /** Texture generator for `generated`, and for what the photo does not show of `completed`. */
  readonly generator?: string;
  readonly identityNet?: string;
  /** JSON file of stages. */
  readonly stages?: string;
  /** Iterations between two snapshots. */
  readonly snapshots?: number;
  readonly samePerson: boolean;
  readonly sharing: 'joint' | 'average';
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
  sharing: 'joint',
  face: 'largest',
  seed: 0,
  device: 'cpu',
  format: 'glb',
  json: false,
  debug: false,
};

export function parseFace(value: string): FaceChoice {
  if (value === 'largest' || value === 'all') return value;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('Give largest, all, or a number from 1 on.');
  return number;
}

/** A path that shells make of an unset variable would be the current folder. */
export function parsePath(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('Give a path that is not empty.');
  return value;
}

export function parseSeed(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isInteger(number) || number < 0 || number > 0xffffffff)
    throw new InvalidArgumentError('Give a whole number from 0 to 4294967295.');
  return number;
}

export function parseSnapshots(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('Give a whole number of iterations from 1 on.');
  return number;
}
