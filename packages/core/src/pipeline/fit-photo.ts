/**
 * The main path: one analysed face of a photo in, a textured head out. Landmark fit, texture from the photo, pictures
 * to judge it by, and how like the render is to the photo.
 */
import { embeddingSimilarity } from '../analysis/index.ts';
import type { FaceAnalysis } from '../analysis/index.ts';
import { composeOverlay } from '../export/index.ts';
import { fitLandmarks } from '../fitting/index.ts';
import type { FitResult } from '../fitting/index.ts';
import type { Photo } from '../image/index.ts';
import { evaluateModel } from '../model/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { buildAlbedo, evaluateLinearTexture, invertLinearTexture, replaceSkin } from '../texture/index.ts';
import type { LinearTexture } from '../texture/index.ts';
import { paintMouth } from './paint-mouth.ts';
import { renderPreview } from './preview.ts';
import type { Preview } from './preview.ts';
import { FIT_PHOTO_DEFAULTS, PRESETS } from './types.ts';
import type { FitAssets, FitEvent, FitPhotoOptions, HeadResult } from './types.ts';

/**
 * Fits the model to one face of a photo and takes its texture from it.
 * @param onEvent told before each step, and awaited: the steps are synchronous, so a caller that wants signals or the
 *   screen served in between returns a promise.
 */
export async function fitPhoto(
  photo: Photo,
  face: FaceAnalysis,
  assets: FitAssets,
  options: FitPhotoOptions = {},
  onEvent?: (event: FitEvent) => void | Promise<void>,
): Promise<HeadResult> {
  const presetName = options.preset ?? FIT_PHOTO_DEFAULTS.preset;
  const preset = PRESETS[presetName];
  const now = options.now ?? ((): number => 0);
  const { model } = assets;
  const timings: Record<string, number> = {};
  const step = async <T>(name: string, event: FitEvent, work: () => T | Promise<T>): Promise<T> => {
    await onEvent?.(event);
    const start = now();
    const value = await work();
    timings[name] = now() - start;
    return value;
  };

  const landmarks = await step('landmarkFit', { stage: 'shape', fraction: 0 }, () =>
    fitLandmarks(
      model,
      face,
      { widthPx: photo.width, heightPx: photo.height },
      { embedding: landmarkConvention(model), focalPx: options.focalPx, now: options.now },
    ),
  );
  const loss = landmarks.landmarkError.median;
  const { identity, expression, camera } = landmarks.parameters;
  const neutral = evaluateModel(model, identity, new Float32Array(expression.length));
  const positions = evaluateModel(model, identity, expression);

  const kind = options.texture ?? FIT_PHOTO_DEFAULTS.texture;
  const linear = kind === 'pca' ? linearTextureOf(assets) : undefined;
  const texture = await step('texture', { stage: 'texture', fraction: 0.1, loss }, () => {
    const fromPhoto = buildAlbedo({
      photo,
      model,
      positions,
      camera,
      landmarks: face.landmarks.points,
      size: linear?.size ?? preset.textureSizePx,
      ...(assets.templateSkin === undefined ? {} : { templateSkin: assets.templateSkin }),
    });
    if (!linear) return fromPhoto;
    const latent = invertLinearTexture(linear, fromPhoto.albedo, fromPhoto.seen.data);
    const albedo = replaceSkin(model, fromPhoto.albedo, evaluateLinearTexture(linear, latent));
    return { ...fromPhoto, albedo, latent };
  });
  const fit: FitResult = { ...landmarks, parameters: { ...landmarks.parameters, light: texture.light } };

  paintMouth({ photo, model, positions, camera, light: texture.light, albedo: texture.albedo });

  const preview = await step('preview', { stage: 'pictures', fraction: 0.7, loss }, () =>
    renderPreview({
      photo,
      model,
      positions,
      camera,
      light: texture.light,
      albedo: texture.albedo,
      heightPx: preset.overlayHeightPx,
    }),
  );
  const overlay = composeOverlay(
    { photo: preview.photo, render: preview.render, shape: preview.shape, albedo: texture.albedo },
    { heightPx: preset.overlayHeightPx },
  );
  const network = assets.identity;
  const similarity =
    network === undefined
      ? undefined
      : await step('identity', { stage: 'identity', fraction: 0.85, loss }, async () =>
          embeddingSimilarity(
            face.embedding,
            await network.embed(preview.render as Photo, moved(face, preview)),
          ),
        );
  await onEvent?.({ stage: 'done', fraction: 1, loss });
  return {
    model,
    preset: presetName,
    seed: options.seed ?? FIT_PHOTO_DEFAULTS.seed,
    face,
    fit,
    neutral,
    positions,
    albedo: texture.albedo,
    texture: {
      kind,
      ...('latent' in texture && linear ? { model: linear.name, latent: texture.latent } : {}),
    },
    photoShare: texture.faceSeen,
    overlay,
    ...(similarity === undefined ? {} : { identitySimilarity: similarity }),
    ...(network === undefined ? {} : { identityNetwork: network.name }),
    timings,
    warnings: [...fit.warnings, ...texture.warnings],
  };
}

/** @throws RangeError where there is no linear texture model for this head */
function linearTextureOf({ linearTexture, model }: FitAssets): LinearTexture {
  if (!linearTexture)
    throw new RangeError(
      `There is no linear texture model for the head model ${model.name}: use the texture completed.`,
    );
  return linearTexture;
}

/** The dense points where the model knows where they lie, else the 68. */
function landmarkConvention(model: MorphableModel): string {
  return 'mediapipe468' in model.landmarks ? 'mediapipe468' : 'ibug68';
}

/** The face's landmarks in the preview's pixels. */
function moved(face: FaceAnalysis, { origin, scale }: Preview): FaceAnalysis['landmarks'] {
  const points = face.landmarks.points.slice();
  for (let i = 0; i < points.length; i += 3) {
    points[i] = (points[i] - origin[0]) * scale;
    points[i + 1] = (points[i + 1] - origin[1]) * scale;
    points[i + 2] *= scale;
  }
  return { ...face.landmarks, points };
}
