/** The texture as a step of the pipeline: what a photo shows of the fitted head, and the rest by the kind that was asked for. */
import {
  buildAlbedo,
  evaluateLinearTexture,
  invertLinearTexture,
  invertTexture,
  linearTextureModel,
  OBSERVE_SKIN_DEFAULTS,
  replaceSkin,
} from '../texture/index.ts';
import type { AlbedoResult, LinearTexture, SkinObservation, TextureModel } from '../texture/index.ts';
import { evaluateModel } from '../model/index.ts';
import type { FitResult } from '../fitting/index.ts';
import type { Image } from '../image/index.ts';
import type { PhotoInput } from './photo-input.ts';
import { textureImage } from './texture-image.ts';
import type { FitAssets, HeadTexture, TextureKind } from './types.ts';

/** A texture model at a latent that the joint fit found. */
export interface FittedTexture {
  readonly model: TextureModel;
  readonly latent: Float32Array;
  /** The model's picture at the latent. */
  readonly image: Image;
}

export interface TextureStepInput {
  readonly input: PhotoInput;
  readonly fit: FitResult;
  /** [V, 3] mm: the model with the fit's identity and expression, where they are known already. */
  readonly positions?: Float32Array;
  readonly assets: FitAssets;
  readonly kind: TextureKind;
  /** Texels per side of a completed albedo; the others have their model's size. */
  readonly sizePx: number;
  /** The joint fit's texture, where one was run. Its light is then the fit's. */
  readonly fitted?: FittedTexture | undefined;
}

export interface TextureStep extends AlbedoResult {
  readonly texture: HeadTexture;
}

/** @throws RangeError where the head has no texture model of the kind */
export async function runTextureStep(step: TextureStepInput): Promise<TextureStep> {
  const { assets, kind, fitted } = step;
  if (kind === 'completed') {
    const completed = await completion(step);
    const behind = completed ?? fitted;
    const texture: HeadTexture =
      behind === undefined ? { kind } : { kind, model: behind.model.name, latent: behind.latent };
    return { ...photoAlbedo({ ...step, fitted: behind }, step.sizePx, completed?.observation), texture };
  }
  const source: FittedTexture & { readonly fromPhoto?: AlbedoResult } =
    fitted ?? (await invertedTexture(step));
  const fromPhoto = source.fromPhoto ?? photoAlbedo(step, source.model.size);
  return {
    ...fromPhoto,
    albedo: replaceSkin(assets.model, fromPhoto.albedo, source.image),
    texture: { kind, model: source.model.name, latent: source.latent },
  };
}

/**
 * The assets' `completion` at the latent that its encoder reads off what the photo shows, in place of the joint fit's texture
 * model. One pass of the network; only a model without an encoder has to be searched.
 */
async function completion(
  step: TextureStepInput,
): Promise<(FittedTexture & Pick<AlbedoResult, 'observation'>) | undefined> {
  const { completion: model, runtime, threads } = step.assets;
  if (model === undefined || runtime === undefined) return undefined;
  // Encoders read small pictures of the map, and a map of the observation's own chart is the cheapest.
  const { chartSize } = OBSERVE_SKIN_DEFAULTS;
  const times = model.encode !== undefined && model.size % chartSize === 0 ? model.size / chartSize : 1;
  const { albedo, seen, observation } = photoAlbedo(step, model.size / times);
  const latent =
    model.encode?.(repeated(albedo, times), repeated(seen, times).data) ??
    (await invertTexture(model, albedo, seen.data, { runtime, threads })).latent;
  return { model, latent, image: await textureImage(model, latent, { runtime, threads }), observation };
}

/** Each texel `times` times across and down. */
function repeated<T extends Uint8Array | Float32Array>(image: Image<T>, times: number): Image<T> {
  if (times === 1) return image;
  const { width, height, channels } = image;
  const data = new (image.data.constructor as new (length: number) => T)(image.data.length * times ** 2);
  for (let row = 0, o = 0; row < height * times; row++) {
    const start = Math.floor(row / times) * width;
    for (let column = 0; column < width * times; column++) {
      const from = (start + Math.floor(column / times)) * channels;
      for (let c = 0; c < channels; c++, o++) data[o] = image.data[from + c];
    }
  }
  return { width: width * times, height: height * times, channels, data };
}

/**
 * The albedo that the photo shows, completed by the fitted texture or by the template skin.
 * @param observation of the same photo and fit, where one was made already
 */
function photoAlbedo(
  { input, fit, positions, assets, fitted }: TextureStepInput,
  sizePx: number,
  observation?: SkinObservation,
): AlbedoResult {
  const { identity, expression, camera, light } = fit.parameters;
  const { templateSkin } = assets;
  return buildAlbedo({
    photo: input.photo,
    model: assets.model,
    positions: positions ?? evaluateModel(assets.model, identity, expression),
    camera,
    landmarks: input.face.landmarks.points,
    size: sizePx,
    observation,
    ...(templateSkin === undefined ? {} : { templateSkin }),
    ...(fitted === undefined ? {} : { completion: fitted.image }),
    ...(fitted === undefined || light === undefined ? {} : { light }),
  });
}

/** The texture of a kind without a joint fit: the latent whose map looks most like what the photo shows. */
async function invertedTexture(
  step: TextureStepInput,
): Promise<FittedTexture & { readonly fromPhoto: AlbedoResult }> {
  const { assets, kind } = step;
  if (kind === 'pca') {
    const linear = linearTextureOf(assets);
    const fromPhoto = photoAlbedo(step, linear.size);
    const latent = invertLinearTexture(linear, fromPhoto.albedo, fromPhoto.seen.data);
    return {
      model: linearTextureModel(linear),
      latent,
      image: evaluateLinearTexture(linear, latent),
      fromPhoto,
    };
  }
  const { textureModel, runtime, threads } = assets;
  if (textureModel === undefined || runtime === undefined)
    throw new RangeError(
      `There is no texture generator for the head model ${assets.model.name}: use the texture completed.`,
    );
  const fromPhoto = photoAlbedo(step, textureModel.size);
  const { latent } = await invertTexture(textureModel, fromPhoto.albedo, fromPhoto.seen.data, {
    runtime,
    threads,
  });
  return {
    model: textureModel,
    latent,
    image: await textureImage(textureModel, latent, { runtime, threads }),
    fromPhoto,
  };
}

/** @throws RangeError where there is no linear texture model for this head */
export function linearTextureOf({ linearTexture, model }: FitAssets): LinearTexture {
  if (!linearTexture)
    throw new RangeError(
      `There is no linear texture model for the head model ${model.name}: use the texture completed.`,
    );
  return linearTexture;
}
