/** The joint fit as a step of the pipeline: from landmark fits and what the photos show to refined parameters. */
import { observeSkin } from '../texture/index.ts';
import type { SkinObservation, TextureModel } from '../texture/index.ts';
import { linearTextureModel } from '../texture/index.ts';
import { landmarkAgreement } from '../fitting/index.ts';
import type { FitResult } from '../fitting/index.ts';
import { createJointFitter, JOINT_PRESETS, NETWORK_LOSSES } from '../fitting/joint/index.ts';
import type { JointFit, JointIteration, Sharing, Stage } from '../fitting/joint/index.ts';
import { evaluateModel } from '../model/index.ts';
import type { PhotoInput } from './photo-input.ts';
import type {
  FitAssets,
  FitPhotoOptions,
  FitSnapshot,
  JointRecord,
  PresetName,
  TextureKind,
} from './types.ts';

export interface JointStepInput {
  readonly photos: readonly PhotoInput[];
  /** The landmark fit of each photo. */
  readonly starts: readonly FitResult[];
  /** What each photo shows of its landmark fit's skin, where that was found already. */
  readonly observations?: readonly SkinObservation[] | undefined;
  readonly assets: FitAssets;
  readonly kind: TextureKind;
  readonly options: FitPhotoOptions;
  readonly stages: readonly Stage[];
  readonly seed: number;
  readonly sharing: Sharing;
  /** Told after each step, and awaited. */
  readonly onStep: (iteration: JointIteration) => void | Promise<void>;
}

export interface JointStep {
  /** One a photo, light included. */
  readonly fits: readonly FitResult[];
  readonly texture: TextureModel;
  /** [L] p_t. */
  readonly latent: Float32Array;
  readonly record: JointRecord;
}

/** The stages that a fit will run: the given ones, else the preset's; none for draft. */
export function stagesOf(preset: PresetName, stages: readonly Stage[] | undefined): readonly Stage[] {
  if (stages !== undefined) return stages;
  return preset === 'draft' ? [] : JOINT_PRESETS[preset];
}

/** @throws RangeError where an asset that the stages need is missing. */
export async function runJointStep(input: JointStepInput): Promise<JointStep> {
  const { photos, starts, assets, options, stages } = input;
  const { model, runtime, identityNetwork } = assets;
  const texture = jointTextureModel(assets, input.kind);
  if (runtime === undefined)
    throw new RangeError('The joint fit needs a runtime for its programs: pass assets.runtime.');
  if (identityNetwork === undefined && stages.some(asksNetwork))
    throw new RangeError(
      'The joint fit needs an identity network: pass assets.identityNetwork, or stages without identity and content terms.',
    );
  const jointPhotos = photos.map(({ photo, face }, i) => {
    const { identity, expression, camera } = starts[i].parameters;
    const { mask, delit } =
      input.observations?.[i] ??
      observeSkin({
        photo,
        model,
        positions: evaluateModel(model, identity, expression),
        camera,
        landmarks: face.landmarks.points,
        ...(assets.templateSkin === undefined ? {} : { templateSkin: assets.templateSkin }),
      });
    return { photo, landmarks: face.landmarks, start: starts[i], mask, light: delit.light };
  });
  const keeper = snapshotKeeper(options.snapshotEvery, stages);
  const own = assets.jointFitter === undefined;
  const fitter =
    assets.jointFitter ??
    createJointFitter({ model, texture, identity: identityNetwork, runtime, threads: assets.threads });
  let fit: JointFit;
  try {
    fit = await fitter.fit({
      photos: jointPhotos,
      stages,
      seed: input.seed,
      sharing: input.sharing,
      now: options.now,
      signal: options.signal,
      onIteration: async (iteration) => {
        await keeper.look(iteration);
        await options.onIteration?.(iteration);
        await input.onStep(iteration);
      },
    });
  } finally {
    if (own) await fitter.dispose();
  }
  return {
    fits: fit.photos.map((_, i) => fitResult(input, fit, i)),
    texture,
    latent: fit.texture,
    record: {
      ...(identityNetwork === undefined ? {} : { identityNetwork: identityNetwork.name }),
      textureModel: texture.name,
      sharing: input.sharing,
      stages: fit.stages,
      history: fit.history,
      timings: fit.timings,
      snapshots: keeper.kept,
    },
  };
}

/** The texture model that the joint fit moves in. @throws RangeError where this head has none */
export function jointTextureModel(
  { model, textureModel, linearTexture }: FitAssets,
  kind: TextureKind,
): TextureModel {
  if (textureModel !== undefined && kind !== 'pca') return textureModel;
  if (linearTexture !== undefined) return linearTextureModel(linearTexture);
  throw new RangeError(
    `There is no texture model for the head model ${model.name}, which the joint fit needs: use the preset draft.`,
  );
}

function asksNetwork(stage: Stage): boolean {
  return NETWORK_LOSSES.some((loss) => (stage.losses[loss] ?? 0) !== 0);
}

/** One photo's share of the joint fit as the rest of the pipeline knows fits. */
function fitResult({ photos, starts, assets }: JointStepInput, fit: JointFit, index: number): FitResult {
  const start = starts[index];
  const { expression, camera, light } = fit.photos[index];
  const parameters = { identity: fit.identity, expression, camera, light };
  return {
    ...start,
    ...landmarkAgreement(assets.model, photos[index].face, parameters),
    parameters,
    stages: [
      ...start.stages,
      ...fit.stages.map(({ name, steps, losses, milliseconds, stopped }) => ({
        name,
        iterations: steps,
        losses: losses as Readonly<Record<string, number>>,
        milliseconds,
        stopped,
      })),
    ],
  };
}

/** Keeps the render of every so many iterations, and of each stage's last. */
function snapshotKeeper(
  every: number | undefined,
  stages: readonly Stage[],
): { readonly kept: FitSnapshot[]; look(iteration: JointIteration): Promise<void> } {
  const kept: FitSnapshot[] = [];
  const lastStage = stages.at(-1)?.name;
  let count = 0;
  return {
    kept,
    async look(iteration) {
      if (every === undefined) return;
      const { stage, step, steps } = iteration;
      const last = stage === lastStage && step === steps;
      if (count++ % every === 0 || last) kept.push({ stage, step, renders: await iteration.render() });
    },
  };
}
