/**
 * The main path over one photo or several of one person: landmark fit, joint fit, texture, pictures to judge them by, and
 * how like the renders are to the photos.
 */
import { composeOverlay } from '../export/index.ts';
import type { FitResult } from '../fitting/index.ts';
import type { JointIteration, Sharing } from '../fitting/joint/index.ts';
import { evaluateModel } from '../model/index.ts';
import { fuseAlbedos, type SeenAlbedo } from './fuse-albedos.ts';
import { jointTextureModel, runJointStep, stagesOf, type JointStep } from './joint-step.ts';
import { measureSimilarity } from './measure-similarity.ts';
import { paintMouth } from './paint-mouth.ts';
import { fitPersonLandmarks, weightOf } from './person-landmarks.ts';
import type { PhotoInput } from './photo-input.ts';
import { PHOTO_WARNING_LIMITS, photoWarnings } from './photo-warnings.ts';
import { renderOverPhoto, renderPreview } from './preview.ts';
import { FACE_REGIONS, regionConfidence, type RegionConfidence } from './region-confidence.ts';
import { workBehind } from './stage-costs.ts';
import type { SkinObservation } from '../texture/index.ts';
import { textureImage } from './texture-image.ts';
import { linearTextureOf, runTextureStep, type FittedTexture, type TextureStep } from './texture-step.ts';
import { FIT_PHOTO_DEFAULTS, PRESETS } from './types.ts';
import type { FitAssets, FitEvent, FitPhotoOptions, HeadPhoto, HeadResult, TextureKind } from './types.ts';

/** What the steps share of the progress bar where the joint fit is run, and where it is not. */
const SHARES = {
  joint: { shape: 0, joint: 0.03, texture: 0.88, pictures: 0.95, identity: 0.98 },
  draft: { shape: 0, joint: 0.1, texture: 0.1, pictures: 0.7, identity: 0.85 },
} as const;

/** A draft asks no generator for what the photo does not show, and asking takes seconds. */
function withoutCompletion(assets: FitAssets): FitAssets {
  const { completion, ...rest } = assets;
  return completion === undefined ? assets : rest;
}

/** The draft's texture, which the similarity before the joint fit is measured with. */
const BEFORE = PRESETS.draft;

/**
 * @param photos at least one; all of one person.
 * @param onEvent told before each step and after each one of the joint fit, and awaited: the steps are synchronous, so a
 *   caller that wants signals or the screen served in between returns a promise.
 */
export async function fitViews(
  photos: readonly PhotoInput[],
  assets: FitAssets,
  options: FitPhotoOptions & { readonly sharing?: Sharing },
  onEvent?: (event: FitEvent) => void | Promise<void>,
): Promise<HeadResult> {
  const presetName = options.preset ?? FIT_PHOTO_DEFAULTS.preset;
  const preset = PRESETS[presetName];
  const kind = options.texture ?? FIT_PHOTO_DEFAULTS.texture;
  const seed = options.seed ?? FIT_PHOTO_DEFAULTS.seed;
  const stages = stagesOf(presetName, options.stages);
  const sharing = photos.length > 1 ? (options.sharing ?? 'joint') : 'joint';
  // What is missing is said before the work, not after it.
  if (kind === 'pca') linearTextureOf(assets);
  if (stages.length > 0) jointTextureModel(assets, kind);
  const now = options.now ?? ((): number => 0);
  const shares = stages.length > 0 ? SHARES.joint : SHARES.draft;
  const timings: Record<string, number> = {};
  const step = async <T>(name: string, event: FitEvent, work: () => T | Promise<T>): Promise<T> => {
    await onEvent?.(event);
    const start = now();
    const value = await work();
    timings[name] = (timings[name] ?? 0) + now() - start;
    return value;
  };
  const { model } = assets;
  const network = assets.identity;

  const starts = await step('landmarkFit', { stage: 'shape', fraction: shares.shape }, () =>
    fitPersonLandmarks(model, photos, options.now),
  );
  const reference = mostFrontal(photos);
  const startLoss = starts[reference].landmarkError.median;

  let before: readonly DraftView[] | undefined;
  let joint: JointStep | undefined;
  let fitted: FittedTexture | undefined;
  if (stages.length > 0) {
    // A draft's inversion of a generator takes as long as the joint fit itself.
    if (network !== undefined && kind !== 'generated')
      before = await step(
        'before',
        { stage: 'similarity before', fraction: shares.joint, loss: startLoss },
        async () => draftViews(photos, starts, withoutCompletion(assets), kind),
      );
    joint = await step('jointFit', { stage: 'joint fit', fraction: shares.joint, loss: startLoss }, () =>
      runJointStep({
        photos,
        starts,
        observations: before?.map(({ observation }) => observation),
        assets,
        kind,
        options,
        stages,
        seed,
        sharing,
        onStep: (iteration) => {
          // The paper's averaging runs the stages once a photo and reports the whole.
          const { fraction } = iteration;
          const work = sharing === 'average' ? fraction : workBehind(stages, fraction);
          return onEvent?.(iterationEvent(iteration, shares.joint + work * (shares.texture - shares.joint)));
        },
      }),
    );
    const { texture, latent } = joint;
    fitted = {
      model: texture,
      latent,
      image: await textureImage(texture, latent, { runtime: runtimeOf(assets), threads: assets.threads }),
    };
  }
  const fits = joint?.fits ?? starts;
  const positions = fits.map(({ parameters }) =>
    evaluateModel(model, parameters.identity, parameters.expression),
  );
  const loss = fits[reference].landmarkError.median;

  const textures: Pick<TextureStep, 'light' | 'faceSeen' | 'observation' | 'texture' | 'warnings'>[] = [];
  let fused: SeenAlbedo | undefined;
  const order = [reference, ...photos.map((_, i) => i).filter((i) => i !== reference)];
  for (const [done, i] of order.entries()) {
    const fraction = between(shares.texture, shares.pictures, done, photos.length);
    // A large map of each photo would not fit into memory: they are brought together one by one.
    const {
      albedo: own,
      seen,
      light,
      faceSeen,
      observation,
      texture,
      warnings,
    } = await step('texture', { stage: 'texture', fraction, loss }, () =>
      runTextureStep({
        input: photos[i],
        fit: fits[i],
        positions: positions[i],
        assets,
        kind,
        sizePx: preset.textureSizePx,
        fitted,
      }),
    );
    textures[i] = { light, faceSeen, observation, texture, warnings };
    const map = { albedo: own, seen };
    if (fused === undefined) fused = map;
    else if (kind === 'completed') fused = fuseAlbedos([fused, map]);
  }
  const { albedo } = fused as SeenAlbedo;
  const lit: FitResult[] = [];
  for (const [i, fit] of fits.entries())
    lit.push({ ...fit, parameters: { ...fit.parameters, light: textures[i].light } });
  paintMouth({
    photo: photos[reference].photo,
    model,
    positions: positions[reference],
    camera: lit[reference].parameters.camera,
    light: textures[reference].light,
    albedo,
  });

  const views: HeadPhoto[] = [];
  for (const [i, { photo, face, embedding }] of photos.entries()) {
    const fraction = between(shares.pictures, shares.identity, i, photos.length);
    const preview = await step('preview', { stage: 'pictures', fraction, loss }, () =>
      renderPreview({
        photo,
        model,
        positions: positions[i],
        camera: lit[i].parameters.camera,
        light: textures[i].light,
        albedo,
        heightPx: preset.overlayHeightPx,
      }),
    );
    const similarity =
      network === undefined
        ? undefined
        : await step('identity', { stage: 'identity', fraction: shares.identity, loss }, () =>
            measureSimilarity(network, face, embedding ?? face.embedding, preview),
          );
    views.push({
      index: i,
      face,
      fit: lit[i],
      positions: positions[i],
      overlay: composeOverlay(
        { photo: preview.photo, render: preview.render, shape: preview.shape, albedo },
        { heightPx: preset.overlayHeightPx },
      ),
      photoShare: textures[i].faceSeen,
      confidence: regionConfidence(model, textures[i].observation),
      ...(similarity === undefined ? {} : { identitySimilarity: similarity }),
      ...(before === undefined ? {} : { identitySimilarityBefore: before[i].similarity }),
      warnings: warningsOf(lit[i], textures[i]),
    });
  }
  await onEvent?.({ stage: 'done', fraction: 1, loss });
  const shown = views[reference];
  return {
    model,
    preset: presetName,
    seed,
    face: shown.face,
    fit: shown.fit,
    neutral: evaluateModel(model, shown.fit.parameters.identity, new Float32Array(model.expression.count)),
    positions: shown.positions,
    albedo,
    texture: textures[reference].texture,
    photoShare: Math.max(...views.map(({ photoShare }) => photoShare)),
    overlay: shown.overlay,
    ...(shown.identitySimilarity === undefined ? {} : { identitySimilarity: shown.identitySimilarity }),
    ...(shown.identitySimilarityBefore === undefined
      ? {}
      : { identitySimilarityBefore: shown.identitySimilarityBefore }),
    ...(network === undefined ? {} : { identityNetwork: network.name }),
    confidence: bestConfidence(views),
    ...(joint === undefined ? {} : { joint: joint.record }),
    ...(photos.length > 1 ? { photos: views } : {}),
    timings,
    warnings: photos.length > 1 ? namedWarnings(photos, views) : shown.warnings,
  };
}

/** A draft's head: how like it is to its photo, and what of the skin the photo shows. */
interface DraftView {
  readonly similarity: number;
  readonly observation: SkinObservation;
}

/** One a photo; none without a network to measure with. */
async function draftViews(
  photos: readonly PhotoInput[],
  fits: readonly FitResult[],
  assets: FitAssets,
  kind: TextureKind,
): Promise<DraftView[]> {
  const { model, identity: network } = assets;
  if (network === undefined) return [];
  const out: DraftView[] = [];
  for (const [i, input] of photos.entries()) {
    const fit = fits[i];
    const { identity, expression, camera } = fit.parameters;
    const positions = evaluateModel(model, identity, expression);
    const { albedo, light, observation } = await runTextureStep({
      input,
      fit,
      positions,
      assets,
      kind,
      sizePx: BEFORE.textureSizePx,
    });
    const { photo, face, embedding } = input;
    paintMouth({ photo, model, positions, camera, light, albedo });
    const heightPx = BEFORE.overlayHeightPx;
    const preview = renderOverPhoto({ photo, model, positions, camera, light, albedo, heightPx });
    const similarity = await measureSimilarity(network, face, embedding ?? face.embedding, preview);
    out.push({ similarity, observation });
  }
  return out;
}

function iterationEvent({ stage, step, steps, loss, losses }: JointIteration, fraction: number): FitEvent {
  return { stage, step, steps, fraction, loss, losses };
}

/** The photo whose expression the head is exported with and whose skin counts first. */
function mostFrontal(photos: readonly PhotoInput[]): number {
  const weights = photos.map(weightOf);
  return weights.indexOf(Math.max(...weights));
}

function bestConfidence(views: readonly HeadPhoto[]): RegionConfidence {
  return Object.fromEntries(
    FACE_REGIONS.map((region) => [region, Math.max(...views.map(({ confidence }) => confidence[region]))]),
  ) as Record<(typeof FACE_REGIONS)[number], number>;
}

function warningsOf(
  fit: FitResult,
  { observation, warnings }: Pick<TextureStep, 'observation' | 'warnings'>,
): string[] {
  const photo = photoWarnings(observation);
  // That little of the face was seen follows from its being hidden: one sentence is enough.
  const hidden = observation.faceHidden > PHOTO_WARNING_LIMITS.hidden;
  return [...fit.warnings, ...(hidden ? [] : warnings), ...photo];
}

/** Each photo's warnings with its name. */
function namedWarnings(photos: readonly PhotoInput[], views: readonly HeadPhoto[]): string[] {
  return views.flatMap(({ index, warnings }) =>
    warnings.map((warning) => `${photos[index].name ?? `photo ${index + 1}`}: ${warning}`),
  );
}

function between(from: number, to: number, index: number, count: number): number {
  return from + ((to - from) * index) / count;
}

function runtimeOf({ runtime }: FitAssets): NonNullable<FitAssets['runtime']> {
  if (runtime === undefined) throw new RangeError('The joint fit needs a runtime for its programs.');
  return runtime;
}
