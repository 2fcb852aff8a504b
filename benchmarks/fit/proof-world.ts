/**
 * What the proofs of the joint fit measure with: models and networks opened once; a photo made ready for the fit; the fitted head with the
 * texture model's albedo alone and with the completed one; and how like a render is to a photo, by FaceRes, which is in the loss, and by
 * dlib's network, which never is. Everything is put together as the product does it.
 */
import {
  compileIdentityNetwork,
  embeddingSimilarity,
  faceResNetwork,
  type CompiledIdentityNetwork,
  type DifferentiableIdentityNetwork,
  type FaceAnalysis,
} from '@likeness/core/analysis';
import { project, type PinholeCamera } from '@likeness/core/camera';
import { fitLandmarks, type FitParameters, type LandmarkFitOptions } from '@likeness/core/fitting';
import {
  createJointFitter,
  type JointFit,
  type JointFitter,
  type JointPhoto,
} from '@likeness/core/fitting/joint';
import type { Image, Photo } from '@likeness/core/image';
import { ambientLight, directionalLight, type SphericalHarmonicsLight } from '@likeness/core/lighting';
import { evaluateModel, landmarkPositions, type MorphableModel } from '@likeness/core/model';
import {
  renderPreview,
  textureImage,
  withMouthPocket,
  type FitAssets,
  type Preview,
} from '@likeness/core/pipeline';
import {
  buildAlbedo,
  invertLinearTexture,
  linearTextureModel,
  observeSkin,
  type PhotoMask,
  type TextureModel,
} from '@likeness/core/texture';
import type { Runtime } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import {
  decodePhoto,
  loadDefaultGenerator,
  loadHeadModel,
  loadLinearTexture,
  loadTemplateSkin,
  loadTextureGenerator,
  readAnalysisNetworks,
} from '@likeness/node';
import { paintMouth } from '../../packages/core/src/pipeline/paint-mouth.ts';
import { runTextureStep } from '../../packages/core/src/pipeline/texture-step.ts';
import {
  openOutsideNetwork,
  outsideNetworkFolder,
  type OutsideNetwork,
} from '../../packages/evaluation/src/faces/dlib-network.ts';
import { openAnalyser, rounded } from '../common.ts';

/** Height of the renders that networks look at, pixels. */
const HEIGHT_PX = 512;
/** Side of the completed albedo: more than such a render shows. */
const ALBEDO_PX = 1024;
/** Of each program, unless it is said otherwise. */
const THREADS = 2;

export interface ProofWorld {
  readonly model: MorphableModel;
  readonly texture: TextureModel;
  readonly faceRes: CompiledIdentityNetwork;
  readonly dlib: OutsideNetwork;
  /** The caller disposes of it. */
  createFitter(): JointFitter;
  /** @param options of the landmark fit */
  prepare(path: string, options?: LandmarkFitOptions): Promise<PreparedPhoto>;
  /** What both networks see in the photo itself. */
  seen(prepared: PreparedPhoto): Promise<Seen>;
  /** p_t of the landmark fit: the most probable linear texture for what the photo shows. @throws where `texture` is not the linear model */
  startLatent(prepared: PreparedPhoto): Float32Array;
  /** The texture model's skin alone, on the head of any parameters. */
  generated(prepared: PreparedPhoto, parameters: FitParameters, latent: Float32Array): Promise<Image>;
  /** Albedos of photo `index` of a fit. */
  albedos(prepared: PreparedPhoto, fit: JointFit, index?: number): Promise<Albedos>;
  dispose(): Promise<void>;
}

/** A photo with its landmark fit. */
export interface PreparedPhoto {
  readonly photo: Photo;
  readonly face: FaceAnalysis;
  readonly joint: JointPhoto;
}

/** Embeddings of one picture. */
export interface Seen {
  readonly faceRes: Float32Array;
  readonly dlib: Float32Array;
}

export interface Albedos {
  /**
   * The texture model's skin at p_t; no pixel of the photo is in it. Eyes and the inside of the mouth are no skin and look as in every head
   * of the product.
   */
  readonly generated: Image;
  /** The photo where it shows the head, the texture model elsewhere. */
  readonly completed: Image;
}

/** @param textureName `linear`, `generated` or the path of a generator */
export async function openProofWorld(textureName: string, threads: number = THREADS): Promise<ProofWorld> {
  const model = withMouthPocket(await loadHeadModel('likeness-head'));
  const [linear, templateSkin, networks] = [
    await loadLinearTexture(model),
    await loadTemplateSkin(model),
    await readAnalysisNetworks(),
  ];
  const dlibFolder = outsideNetworkFolder();
  if (linear === undefined || dlibFolder === undefined)
    throw new Error('This needs the linear texture model and the npm package @vladmandic/face-api.');
  const texture = await textureOf(textureName, model, () => linearTextureModel(linear));
  const runtime: Runtime = nodeRuntime({ threads });
  const identity: DifferentiableIdentityNetwork = faceResNetwork(networks.faceres);
  const [analyser, faceRes, dlib] = [
    await openAnalyser({ threads }),
    await compileIdentityNetwork(identity, { runtime }),
    await openOutsideNetwork(dlibFolder),
  ];
  const assets: FitAssets = {
    model,
    linearTexture: linear,
    textureModel: texture,
    identityNetwork: identity,
    runtime,
    threads,
    ...(templateSkin === undefined ? {} : { templateSkin }),
  };
  const albedoOf = async (
    kind: keyof Albedos,
    { photo, face, joint }: PreparedPhoto,
    parameters: FitParameters,
    latent: Float32Array,
  ): Promise<Image> => {
    const fitted = {
      model: texture,
      latent,
      image: await textureImage(texture, latent, { runtime, threads }),
    };
    const { albedo } = await runTextureStep({
      input: { photo, face },
      fit: { ...joint.start, parameters },
      assets,
      sizePx: ALBEDO_PX,
      fitted,
      kind,
    });
    const { identity: shape, expression, camera, light = ambientLight([1, 1, 1]) } = parameters;
    const positions = evaluateModel(model, shape, expression);
    paintMouth({ photo, model, positions, camera, light, albedo });
    return albedo;
  };
  return {
    model,
    texture,
    faceRes,
    dlib,
    createFitter: () => createJointFitter({ model, texture, identity, runtime, threads }),
    prepare: async (path, options) => {
      const photo = await decodePhoto(path);
      const [face] = await analyser.analyse(photo);
      if (face === undefined) throw new Error(`No face was found in ${path}.`);
      const start = fitLandmarks(model, face, { widthPx: photo.width, heightPx: photo.height }, options);
      const { mask, delit } = observeSkin({
        photo,
        model,
        positions: evaluateModel(model, start.parameters.identity, start.parameters.expression),
        camera: start.parameters.camera,
        landmarks: face.landmarks.points,
        ...(templateSkin === undefined ? {} : { templateSkin }),
      });
      return { photo, face, joint: { photo, landmarks: face.landmarks, start, mask, light: delit.light } };
    },
    seen: async ({ photo, face }) => ({
      faceRes: await faceRes.embed(photo, face.landmarks),
      dlib: await dlib.embed(photo, face.points68),
    }),
    startLatent: ({ photo, face, joint }) => {
      if (textureName !== 'linear')
        throw new Error('The landmark fit has a latent of the linear texture only.');
      const { identity: shape, expression, camera } = joint.start.parameters;
      const { albedo, seen } = buildAlbedo({
        photo,
        model,
        positions: evaluateModel(model, shape, expression),
        camera,
        landmarks: face.landmarks.points,
        size: linear.size,
      });
      return invertLinearTexture(linear, albedo, seen.data);
    },
    generated: (prepared, parameters, latent) => albedoOf('generated', prepared, parameters, latent),
    albedos: async (prepared, fit, index = 0) => {
      const parameters = parametersOf(fit, index);
      return {
        generated: await albedoOf('generated', prepared, parameters, fit.texture),
        completed: await albedoOf('completed', prepared, parameters, fit.texture),
      };
    },
    dispose: async () => {
      await Promise.all([analyser.dispose(), faceRes.dispose(), dlib[Symbol.asyncDispose]()]);
    },
  };
}

async function textureOf(
  name: string,
  model: MorphableModel,
  linear: () => TextureModel,
): Promise<TextureModel> {
  if (name === 'linear') return linear();
  const found = name === 'generated' ? await loadDefaultGenerator(model) : await loadTextureGenerator(name);
  if (found === undefined)
    throw new Error('No texture generator comes with this version: use --texture linear, or give a path.');
  return found;
}

/** All parameters of one photo of a fit. */
export function parametersOf(fit: JointFit, index = 0): FitParameters {
  const { expression, camera, light } = fit.photos[index];
  return { identity: fit.identity, expression, camera, light };
}

/** The head over its photo, from its camera and in its light. */
export function renderOver(
  world: ProofWorld,
  { photo }: PreparedPhoto,
  parameters: FitParameters,
  light: SphericalHarmonicsLight,
  albedo: Image,
): Preview {
  const { model } = world;
  const positions = evaluateModel(model, parameters.identity, parameters.expression);
  return renderPreview({
    photo,
    model,
    positions,
    camera: parameters.camera,
    light,
    albedo,
    heightPx: HEIGHT_PX,
  });
}

/** What both networks see in a render over its photo, under the photo's landmarks. */
export async function seenOver(
  { faceRes, dlib }: ProofWorld,
  { face }: PreparedPhoto,
  { render, origin, scale }: Preview,
): Promise<Seen> {
  const points = face.landmarks.points.map((x, i) => (i % 3 === 2 ? x : x - origin[i % 3]) * scale);
  const points68 = face.points68.map((x, i) => (x - origin[i % 2]) * scale);
  return {
    faceRes: await faceRes.embed(render as Photo, { ...face.landmarks, points }),
    dlib: await dlib.embed(render as Photo, points68),
  };
}

/** How like a render is to its photo. */
export interface RenderFigures {
  /** Cosine; in the loss. */
  readonly faceRes: number;
  /** Distance; never in the loss, 0.6 is its threshold. */
  readonly dlib: number;
  /** L1 in the skin mask, sRGB 0..1. */
  readonly pixel: number;
  /** Median, in eye distances. */
  readonly landmark: number;
}

/** Draws the head over its photo with an albedo and measures it. */
export async function measureRender(
  world: ProofWorld,
  prepared: PreparedPhoto,
  parameters: FitParameters,
  albedo: Image,
): Promise<{ readonly preview: Preview; readonly figures: RenderFigures }> {
  const { light = prepared.joint.light } = parameters;
  const preview = renderOver(world, prepared, parameters, light, albedo);
  const [photo, render] = [await world.seen(prepared), await seenOver(world, prepared, preview)];
  return {
    preview,
    figures: {
      faceRes: rounded(embeddingSimilarity(photo.faceRes, render.faceRes)),
      dlib: rounded(distance(photo.dlib, render.dlib)),
      pixel: rounded(pixelError(preview, prepared.joint.mask)),
      landmark: rounded(landmarkError(world.model, parameters, prepared.face)),
    },
  };
}

/** A plain view: from the front, a metre away, no expression, even light before a grey wall. */
const PLAIN = { photoPx: 640, headMm: 320, distanceMm: 1000, wall: 128 };

/** What both networks see of a head in the plain view, under the model's own landmarks. */
export async function seenPlain(world: ProofWorld, identity: Float32Array, albedo: Image): Promise<Seen> {
  const { model, faceRes, dlib } = world;
  const { photoPx, headMm, distanceMm, wall } = PLAIN;
  const positions = evaluateModel(model, identity, new Float32Array(model.expression.count));
  const dense = landmarkPositions(model, model.landmarks['mediapipe468'], positions);
  const centre = [0, 1, 2].map((c) => {
    let sum = 0;
    for (let i = c; i < dense.length; i += 3) sum += dense[i];
    return sum / (dense.length / 3);
  });
  const camera: PinholeCamera = {
    widthPx: photoPx,
    heightPx: photoPx,
    focalPx: (photoPx * distanceMm) / headMm,
    principalPointPx: [photoPx / 2, photoPx / 2],
    rotation: [0, 0, 0],
    translationMm: [-centre[0], -centre[1], -centre[2] - distanceMm],
  };
  const photo: Photo = {
    width: photoPx,
    height: photoPx,
    channels: 3,
    data: new Uint8Array(photoPx * photoPx * 3).fill(wall),
  };
  const light = directionalLight([0.3, 0.5, 1], [0.35, 0.35, 0.35], [0.65, 0.65, 0.65]);
  const { render, origin, scale } = renderPreview({
    photo,
    model,
    positions,
    camera,
    light,
    albedo,
    heightPx: HEIGHT_PX,
  });
  const shown = (points: Float32Array): Float32Array =>
    project(camera, points).map((x, i) => (i % 3 === 2 ? x : x - origin[i % 3]) * scale);
  const ibug = shown(landmarkPositions(model, model.landmarks['ibug68'], positions));
  return {
    faceRes: await faceRes.embed(render as Photo, { points: shown(dense), confidence: 1 }),
    dlib: await dlib.embed(
      render as Photo,
      Float32Array.from({ length: 136 }, (_, i) => ibug[(i >> 1) * 3 + (i % 2)]),
    ),
  };
}

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}

/** L1 between photo and render, sRGB 0..1, where the mask says bare skin. */
export function pixelError({ photo, render, origin, scale }: Preview, { box, image }: PhotoMask): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < photo.height; y++)
    for (let x = 0; x < photo.width; x++) {
      const u = Math.floor((((x + 0.5) / scale + origin[0] - box.x) / box.width) * image.width);
      const v = Math.floor((((y + 0.5) / scale + origin[1] - box.y) / box.height) * image.height);
      if (u < 0 || v < 0 || u >= image.width || v >= image.height) continue;
      if (image.data[v * image.width + u] < 0.5) continue;
      const i = y * photo.width + x;
      for (let c = 0; c < 3; c++)
        sum += Math.abs(photo.data[i * 3 + c] - render.data[i * render.channels + c]) / 255;
      count += 3;
    }
  return sum / Math.max(1, count);
}

/** Median over the landmarks inside of the face, as a share of the outer-eye distance. */
export function landmarkError(
  model: MorphableModel,
  { identity, expression, camera }: FitParameters,
  { landmarks: { points } }: FaceAnalysis,
): number {
  const embedding = model.landmarks['mediapipe468'];
  const shown = project(
    camera,
    landmarkPositions(model, embedding, evaluateModel(model, identity, expression)),
  );
  const apart = (i: number, j: number): number =>
    Math.hypot(points[i * 3] - points[j * 3], points[i * 3 + 1] - points[j * 3 + 1]);
  const unit = Math.max(apart(33, 263), 0.62 * apart(10, 152));
  const contour = new Set(embedding.contour);
  const errors: number[] = [];
  for (let i = 0; i < embedding.count; i++)
    if (!contour.has(i))
      errors.push(Math.hypot(shown[i * 3] - points[i * 3], shown[i * 3 + 1] - points[i * 3 + 1]) / unit);
  return errors.toSorted((a, b) => a - b)[errors.length >> 1];
}
