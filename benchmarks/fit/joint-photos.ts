/**
 * What the joint fit gives on photos: before (landmark fit, most probable linear texture, estimated light) against after, by FaceRes,
 * which is in the loss, by dlib's network, which never is, by pixels and landmarks; and what it costs in processor time.
 *
 *   npx tsx --conditions=source benchmarks/fit/joint-photos.ts [--stages FILE.json] [--preset standard|high] [--pictures DIR] [--threads N]
 *     [PHOTO..]
 *
 * Both sides are drawn by the same code: the whole head over the photo with texture from the linear model alone; no pixel of the photo is
 * in the skin. `--pictures` writes a row a photo: photo, before, after, both shapes, both albedos.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { resizeImage } from '@likeness/core/export';
import type { FitParameters } from '@likeness/core/fitting';
import type { Image } from '@likeness/core/image';
import { encodePng } from '@likeness/node';
import { DATA, mean, requireData, rounded, writeResult } from '../common.ts';
import { readProofOptions } from './proof-run.ts';
import {
  measureRender,
  openProofWorld,
  parametersOf,
  type PreparedPhoto,
  type RenderFigures,
} from './proof-world.ts';

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

const options = readProofOptions({ pictures: undefined }, true);
const { stages, positionals } = options;
const { pictures } = options.own;
requireData('photos');

const world = await openProofWorld('linear', options.threads);
const fitter = world.createFitter();

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const rows: object[] = [];
const before: RenderFigures[] = [];
const after: RenderFigures[] = [];
const times: number[] = [];
for (const path of positionals.length > 0 ? positionals : PHOTOS.map((name) => join(DATA, name))) {
  const ready = await world.prepare(path);
  const { start, light } = ready.joint;
  const first = await draw(ready, { ...start.parameters, light }, world.startLatent(ready));
  before.push(first.figures);
  const began = cpuMs();
  const fit = await fitter.fit({ photos: [ready.joint], stages });
  times.push(cpuMs() - began);
  const last = await draw(ready, parametersOf(fit), fit.texture);
  after.push(last.figures);
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
  if (pictures !== undefined) {
    await mkdir(pictures, { recursive: true });
    const { photo: crop, render, shape } = first.preview;
    const panels = [crop, render, last.preview.render, shape, last.preview.shape, first.albedo, last.albedo];
    await writeFile(
      join(pictures, `${basename(path)}.png`),
      await encodePng(sideBySide(panels.map((image) => scaled(image)))),
    );
  }
}

const average = (figures: readonly RenderFigures[]): Record<string, number> =>
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
if (positionals.length === 0 && options.shippedStages)
  await writeResult(`joint-photos-${options.preset}`, { preset: options.preset, ...summary, rows });
await fitter.dispose();
await world.dispose();

/** The head of any parameters with the texture model's skin. */
async function draw(
  ready: PreparedPhoto,
  parameters: FitParameters,
  latent: Float32Array,
): Promise<Awaited<ReturnType<typeof measureRender>> & { readonly albedo: Image }> {
  const albedo = await world.generated(ready, parameters, latent);
  return { albedo, ...(await measureRender(world, ready, parameters, albedo)) };
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
