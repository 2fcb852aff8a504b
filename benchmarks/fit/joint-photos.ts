/**
 * What the joint fit gives on photos: before (landmark fit, most probable linear texture, estimated light) against after, by FaceRes,
 * which is in the loss, by dlib's network, which never is, by pixels and landmarks; and what it costs in processor time.
 *
 *   npx tsx --conditions=source benchmarks/fit/joint-photos.ts [--stages FILE.json] [--preset standard|high] [--pictures DIR] [PHOTO..]
 *
 * Both sides are drawn by the same code: the whole head over the photo with texture from the linear model alone; no pixel of the photo is
 * in the skin. `--pictures` writes a row a photo: photo, before, after, both shapes, both albedos.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  compileIdentityNetwork,
  embeddingSimilarity,
  faceResNetwork,
  type FaceAnalysis,
} from '@likeness/core/analysis';
import { project } from '@likeness/core/camera';
import { resizeImage } from '@likeness/core/export';
import { fitLandmarks, type FitParameters } from '@likeness/core/fitting';
import { createJointFitter, JOINT_PRESETS, readStages, type Stage } from '@likeness/core/fitting/joint';
import type { Image, Photo } from '@likeness/core/image';
import { ambientLight } from '@likeness/core/lighting';
import { evaluateModel, landmarkPositions, type MorphableModel } from '@likeness/core/model';
import { renderPreview, type Preview } from '@likeness/core/pipeline';
import {
  buildAlbedo,
  evaluateLinearTexture,
  invertLinearTexture,
  linearTextureModel,
  observeSkin,
  replaceSkin,
  type PhotoMask,
} from '@likeness/core/texture';
import { nodeRuntime } from '@likeness/graph/node';
import {
  decodePhoto,
  encodePng,
  loadHeadModel,
  loadLinearTexture,
  loadTemplateSkin,
  readAnalysisNetworks,
} from '@likeness/node';
import {
  openOutsideNetwork,
  outsideNetworkFolder,
} from '../../packages/evaluation/src/faces/dlib-network.ts';
import { DATA, mean, openAnalyser, requireData, rounded, writeResult } from '../common.ts';

const PHOTOS = [
  'photos/obama.jpg',
  'photos/max_chris.jpg',
  'faces/london-neutral/002.jpg',
  'faces/london-smiling/011.jpg',
  'faces/london-neutral/039.jpg',
  'photos/jianzhuguo_glasses.jpg',
  'photos/biden2.jpg',
  'photos/astronaut.png',
  'faces/london-neutral/090.jpg',
  'faces/london-smiling/066.jpg',
  'faces/london-neutral/122.jpg',
  'photos/max_paul_1.jpg',
];
const HEIGHT_PX = 400;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stages: { type: 'string' },
    preset: { type: 'string', default: 'standard' },
    pictures: { type: 'string' },
  },
});
requireData('photos');
const stages: readonly Stage[] =
  options.stages === undefined
    ? JOINT_PRESETS[options.preset as 'standard' | 'high']
    : readStages(JSON.parse(await readFile(options.stages, 'utf8')));

const runtime = nodeRuntime();
const model = await loadHeadModel('likeness-head');
const [linear, templateSkin, networks] = [
  await loadLinearTexture(model),
  await loadTemplateSkin(model),
  await readAnalysisNetworks(),
];
const dlibFolder = outsideNetworkFolder();
if (linear === undefined || dlibFolder === undefined)
  throw new Error('This benchmark needs the linear texture model and the npm package @vladmandic/face-api.');
const analyser = await openAnalyser();
const network = faceResNetwork(networks.faceres);
const faceRes = await compileIdentityNetwork(network, { runtime });
const dlib = await openOutsideNetwork(dlibFolder);
const fitter = createJointFitter({ model, texture: linearTextureModel(linear), identity: network, runtime });

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

interface Figures {
  readonly faceRes: number;
  readonly dlib: number;
  readonly pixel: number;
  readonly landmark: number;
}

const rows: object[] = [];
const before: Figures[] = [];
const after: Figures[] = [];
const times: number[] = [];
for (const path of positionals.length > 0 ? positionals : PHOTOS.map((name) => join(DATA, name))) {
  const photo = await decodePhoto(path);
  const [face] = await analyser.analyse(photo);
  if (face === undefined) throw new Error(`No face was found in ${path}.`);
  const start = fitLandmarks(model, face, { widthPx: photo.width, heightPx: photo.height });
  const input = {
    photo,
    model,
    positions: evaluateModel(model, start.parameters.identity, start.parameters.expression),
    camera: start.parameters.camera,
    landmarks: face.landmarks.points,
    ...(templateSkin === undefined ? {} : { templateSkin }),
  };
  const seen = observeSkin(input);
  const base = buildAlbedo({ ...input, size: linear.size });
  const light = seen.delit.light;
  const latent = invertLinearTexture(linear, base.albedo, base.seen.data);
  const draw = (parameters: FitParameters, p: Float32Array): { preview: Preview; albedo: Image } => {
    const albedo = replaceSkin(model, base.albedo, evaluateLinearTexture(linear, p));
    const positions = evaluateModel(model, parameters.identity, parameters.expression);
    const { camera, light: own = ambientLight([1, 1, 1]) } = parameters;
    return {
      albedo,
      preview: renderPreview({ photo, model, positions, camera, light: own, albedo, heightPx: HEIGHT_PX }),
    };
  };
  const first = draw({ ...start.parameters, light }, latent);
  before.push(await measure(first.preview, { ...start.parameters, light }, photo, face, seen.mask));
  const began = cpuMs();
  const fit = await fitter.fit({
    photos: [{ photo, landmarks: face.landmarks, start, mask: seen.mask, light }],
    stages,
  });
  times.push(cpuMs() - began);
  const parameters = { identity: fit.identity, ...fit.photos[0] };
  const last = draw(parameters, fit.texture);
  after.push(await measure(last.preview, parameters, photo, face, seen.mask));
  const row = {
    photo: basename(path),
    before: before.at(-1),
    after: after.at(-1),
    identityRms: rounded(Math.sqrt(mean(Array.from(fit.identity, (value) => value * value)))),
    textureRms: rounded(Math.sqrt(mean(Array.from(fit.texture, (value) => value * value)))),
    steps: fit.stages.map(({ steps, stopped }) => `${steps} ${stopped}`),
    processorMs: Math.round(times.at(-1) as number),
  };
  rows.push(row);
  console.log(JSON.stringify(row));
  if (options.pictures !== undefined) {
    await mkdir(options.pictures, { recursive: true });
    const { photo: crop, render, shape } = first.preview;
    const panels = [crop, render, last.preview.render, shape, last.preview.shape, first.albedo, last.albedo];
    await writeFile(
      join(options.pictures, `${basename(path)}.png`),
      await encodePng(sideBySide(panels.map((image) => scaled(image)))),
    );
  }
}

const average = (figures: readonly Figures[]): Record<string, number> =>
  Object.fromEntries(
    (['faceRes', 'dlib', 'pixel', 'landmark'] as const).map((key) => [
      key,
      rounded(mean(figures.map((figure) => figure[key]))),
    ]),
  );
const summary = {
  photos: rows.length,
  before: average(before),
  after: average(after),
  processorMs: Math.round(mean(times)),
};
console.log(JSON.stringify(summary, null, 2));
if (positionals.length === 0 && options.stages === undefined)
  await writeResult(`joint-photos-${options.preset}`, { preset: options.preset, ...summary, rows });
await Promise.all([fitter.dispose(), faceRes.dispose(), dlib[Symbol.asyncDispose](), analyser.dispose()]);

/** The render against the photo: cosine by FaceRes, distance by dlib (0.6 is its threshold), L1 in the mask, landmarks in eye distances. */
async function measure(
  preview: Preview,
  parameters: FitParameters,
  photo: Photo,
  face: FaceAnalysis,
  mask: PhotoMask,
): Promise<Figures> {
  const { origin, scale, render } = preview;
  const move = (points: Float32Array, stride: number): Float32Array =>
    points.map((value, i) => (i % stride < 2 ? (value - origin[i % stride]) * scale : value * scale));
  const points = move(face.landmarks.points, 3);
  const picture = render as Photo;
  const own = await faceRes.embed(picture, { points, confidence: 1 });
  const [a, b] = [await dlib.embed(photo, face.points68), await dlib.embed(picture, move(face.points68, 2))];
  return {
    faceRes: rounded(embeddingSimilarity(face.embedding, own)),
    dlib: rounded(Math.hypot(...a.map((value, i) => value - b[i]))),
    pixel: rounded(pixelError(preview, mask)),
    landmark: rounded(landmarkError(model, parameters, face)),
  };
}

function pixelError({ photo, render, origin, scale }: Preview, { box, image }: PhotoMask): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < photo.height; y++)
    for (let x = 0; x < photo.width; x++) {
      const u = Math.floor((((x + 0.5) / scale + origin[0] - box.x) / box.width) * image.width);
      const v = Math.floor((((y + 0.5) / scale + origin[1] - box.y) / box.height) * image.height);
      if (u < 0 || v < 0 || u >= image.width || v >= image.height) continue;
      if (image.data[v * image.width + u] < 0.5) continue;
      for (let c = 0; c < 3; c++) {
        const i = y * photo.width + x;
        sum += Math.abs(photo.data[i * 3 + c] - render.data[i * render.channels + c]) / 255;
        count++;
      }
    }
  return sum / Math.max(1, count);
}

/** Median over the landmarks inside of the face, as a share of the outer-eye distance. */
function landmarkError(
  head: MorphableModel,
  { identity, expression, camera }: FitParameters,
  face: FaceAnalysis,
): number {
  const embedding = head.landmarks['mediapipe468'];
  const places = landmarkPositions(head, embedding, evaluateModel(head, identity, expression));
  const projected = project(camera, places);
  const points = face.landmarks.points;
  const apart = (i: number, j: number): number =>
    Math.hypot(points[i * 3] - points[j * 3], points[i * 3 + 1] - points[j * 3 + 1]);
  const unit = Math.max(apart(33, 263), 0.62 * apart(10, 152));
  const contour = new Set(embedding.contour);
  const errors: number[] = [];
  for (let i = 0; i < embedding.count; i++)
    if (!contour.has(i))
      errors.push(
        Math.hypot(projected[i * 3] - points[i * 3], projected[i * 3 + 1] - points[i * 3 + 1]) / unit,
      );
  return errors.toSorted((a, b) => a - b)[errors.length >> 1];
}

function scaled(image: Image): Image {
  return resizeImage(image, Math.round((image.width * HEIGHT_PX) / image.height), HEIGHT_PX);
}

function sideBySide(images: readonly Image[]): Image {
  const width = images.reduce((sum, image) => sum + image.width, 0);
  const data = new Uint8Array(width * HEIGHT_PX * 3);
  let left = 0;
  for (const image of images) {
    for (let y = 0; y < HEIGHT_PX; y++)
      for (let x = 0; x < image.width; x++)
        for (let c = 0; c < 3; c++)
          data[(y * width + left + x) * 3 + c] = image.data[(y * image.width + x) * image.channels + c];
    left += image.width;
  }
  return { width, height: HEIGHT_PX, channels: 3, data };
}
