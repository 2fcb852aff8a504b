/**
 * How far detection and landmarks hold: the same faces made small on a busy background, turned in the plane, and cropped
 * until they fill the frame. A face counts as found when its landmarks lie where those of the untouched photo do.
 *
 *   npx tsx --conditions=source benchmarks/analysis/synthetic-faces.ts
 */
import { join } from 'node:path';
import {
  applyAffine,
  cropAffine,
  invertAffine,
  pyramidOf,
  type Affine,
  type Photo,
} from '@likeness/core/image';
import { decodePhoto } from '@likeness/node';
import { DATA, mean, openAnalyser, requireData, rounded, writeResult } from '../common.ts';

requireData('photos');
const SOURCES = [
  'faces/london-neutral/001.jpg',
  'faces/london-neutral/017.jpg',
  'faces/london-neutral/066.jpg',
  'faces/london-smiling/030.jpg',
  'faces/london-smiling/090.jpg',
  'faces/canada/008f.jpg',
  'photos/astronaut.png',
  'photos/jianzhuguo_glasses.jpg',
  'photos/max_chris.jpg',
  'photos/biden2.jpg',
];
/** A face counts as found when its points are nearer than this to where they belong, in outer-eye distances. */
const FOUND = 0.15;
const CANVAS = 1350;

const analyser = await openAnalyser();
const forest = await decodePhoto(join(DATA, 'photos', 'noface_forest.jpg'));

interface Source {
  readonly photo: Photo;
  readonly points: Float32Array;
  readonly box: { x: number; y: number; width: number; height: number };
}
const sources: Source[] = [];
for (const name of SOURCES) {
  const photo = await decodePhoto(join(DATA, name)).catch(() => undefined);
  if (!photo) {
    console.log(`not there: ${name}`);
    continue;
  }
  const [face] = await analyser.analyse(photo);
  if (face) sources.push({ photo, points: face.landmarks.points, box: face.detection.box });
}

/** A canvas that shows `photo` through `toPhoto` where the photo reaches and the background elsewhere. */
function compose(photo: Photo, toPhoto: Affine, width: number, height: number, background?: Photo): Photo {
  const data = new Uint8Array(width * height * 3).fill(127);
  if (background) {
    const scale = Math.min(background.width / width, background.height / height);
    const whole = { a: scale, b: 0, c: 0, d: 0, e: scale, f: 0 };
    const back = cropAffine(pyramidOf(background), whole, width, height, { low: 0, high: 255 });
    for (let i = 0; i < data.length; i++) data[i] = back[i];
  }
  const front = cropAffine(pyramidOf(photo), toPhoto, width, height, { low: 0, high: 255 });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [px, py] = applyAffine(toPhoto, x + 0.5, y + 0.5);
      if (px < 0 || py < 0 || px > photo.width || py > photo.height) continue;
      const i = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) data[i + c] = Math.round(front[i + c]);
    }
  }
  return { width, height, channels: 3, data };
}

/** Mean landmark distance in outer-eye distances of the best face found; Infinity where none. */
async function errorOf(
  source: Source,
  toPhoto: Affine,
  canvas: Photo,
): Promise<{ error: number; extra: number }> {
  const faces = await analyser.analyse(canvas);
  const fromPhoto = invertAffine(toPhoto);
  let error = Infinity;
  for (const face of faces) {
    const p = face.landmarks.points;
    let sum = 0;
    const at = (i: number): [number, number] =>
      applyAffine(fromPhoto, source.points[i * 3], source.points[i * 3 + 1]);
    for (let i = 0; i < 468; i++) {
      const [x, y] = at(i);
      sum += Math.hypot(p[i * 3] - x, p[i * 3 + 1] - y);
    }
    const [[ax, ay], [bx, by]] = [at(33), at(263)];
    error = Math.min(error, sum / 468 / Math.hypot(ax - bx, ay - by));
  }
  return { error, extra: faces.length - (error < FOUND ? 1 : 0) };
}

async function series(
  name: string,
  make: (source: Source) => { toPhoto: Affine; canvas: Photo },
): Promise<object> {
  const errors: number[] = [];
  let extra = 0;
  for (const source of sources) {
    const { toPhoto, canvas } = make(source);
    const result = await errorOf(source, toPhoto, canvas);
    if (result.error < FOUND) errors.push(result.error);
    extra += result.extra;
  }
  const row = {
    name,
    found: errors.length,
    of: sources.length,
    extra,
    meanErrorPercent: errors.length > 0 ? rounded(100 * mean(errors)) : null,
  };
  console.log(JSON.stringify(row));
  return row;
}

const rows: object[] = [];
for (const facePx of [28, 32, 40, 48, 64, 100, 200]) {
  rows.push(
    await series(`face ${facePx} px high on ${CANVAS}²`, (source) => {
      const scale = source.box.height / facePx;
      // An odd place, off every tile's centre.
      const toPhoto = {
        a: scale,
        b: 0,
        c: -scale * 0.61 * CANVAS,
        d: 0,
        e: scale,
        f: -scale * 0.17 * CANVAS,
      };
      const centreX = source.box.x + source.box.width / 2;
      const centreY = source.box.y + source.box.height / 2;
      const placed = { ...toPhoto, c: toPhoto.c + centreX, f: toPhoto.f + centreY };
      return { toPhoto: placed, canvas: compose(source.photo, placed, CANVAS, CANVAS, forest) };
    }),
  );
}
for (const degrees of [15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 180, -45, -90, -135]) {
  rows.push(
    await series(`turned by ${degrees} degrees`, (source) => {
      const { photo } = source;
      const angle = (-degrees * Math.PI) / 180;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      const size = Math.max(photo.width, photo.height);
      const toPhoto = {
        a: cos,
        b: -sin,
        c: photo.width / 2 - (size / 2) * (cos - sin),
        d: sin,
        e: cos,
        f: photo.height / 2 - (size / 2) * (sin + cos),
      };
      return { toPhoto, canvas: compose(photo, toPhoto, size, size) };
    }),
  );
}
for (const share of [1.2, 1, 0.9, 0.8, 0.7]) {
  rows.push(
    await series(`frame ${share} x the face's height`, (source) => {
      const size = Math.round(source.box.height * share);
      const c = source.box.x + source.box.width / 2 - size / 2;
      const f = source.box.y + source.box.height / 2 - size / 2;
      const toPhoto = { a: 1, b: 0, c, d: 0, e: 1, f };
      return { toPhoto, canvas: compose(source.photo, toPhoto, size, size) };
    }),
  );
}
await analyser.dispose();
await writeResult('analysis-synthetic-faces', { sources: sources.length, foundBelow: FOUND, rows });
