/** From the command's options to those of the library; files that options name are read here. */
import { readFile } from 'node:fs/promises';
import type { LikenessFitOptions } from '@likeness/node';
import { UsageError, faultOf } from '../errors.ts';
import type { Fault } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { FitCommandOptions } from './options.ts';

/** What every photo of a run is fitted with. */
export type FitSettings = Pick<
  LikenessFitOptions,
  'preset' | 'texture' | 'generator' | 'seed' | 'stages' | 'identityNetwork' | 'snapshotEvery'
>;

/** @throws UsageError for a stages file that cannot be used; IdentityNetworkError for such a network */
export async function readFitSettings(options: FitCommandOptions): Promise<FitSettings> {
  const { generator, identityNet, snapshots, stages } = options;
  return {
    preset: options.preset,
    texture: options.texture,
    seed: options.seed,
    ...(generator === undefined ? {} : { generator }),
    ...(snapshots === undefined ? {} : { snapshotEvery: snapshots }),
    ...(stages === undefined ? {} : { stages: await readStagesFile(stages) }),
    // Read once for all photos, and refused before any of them is looked at.
    ...(identityNet === undefined
      ? {}
      : { identityNetwork: await (await import('@likeness/node')).loadIdentityNetwork(identityNet) }),
  };
}

async function readStagesFile(path: string): Promise<NonNullable<LikenessFitOptions['stages']>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`The stages file ${path} cannot be read: check the name.`, { cause: error });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`The stages file ${path} is not JSON (${(error as Error).message}).`, {
      cause: error,
    });
  }
  const { readStages } = await import('@likeness/node');
  try {
    return readStages(json);
  } catch (error) {
    throw new UsageError(`The stages file ${path} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A joint fit that breaks down under stages or a network of the user's own is bad input, under ours a fault of ours. */
export function faultOfFit(error: unknown, options: FitCommandOptions): Fault {
  const own = options.stages !== undefined || options.identityNet !== undefined;
  return own && error instanceof Error && error.name === 'JointFitError'
    ? { code: EXIT.usage, message: error.message }
    : faultOf(error);
}
