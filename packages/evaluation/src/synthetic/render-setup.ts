/** From a setup and a true head to the photograph: camera, light, render, lens and sensor, JPEG. */
import { rotationMatrix } from '@likeness/core/camera';
import type { PinholeCamera } from '@likeness/core/camera';
import type { Image } from '@likeness/core/image';
import { ambientLight, directionalLight } from '@likeness/core/lighting';
import type { SphericalHarmonicsLight } from '@likeness/core/lighting';
import { landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { renderHead } from '@likeness/core/render';
import { encodeJpeg } from '@likeness/node';
import { createRandom } from '@likeness/training/shape';
import { paintBackdrop } from './backdrop.ts';
import { dressHead } from './dress-head.ts';
import type { SkinPainter } from './paint-skin.ts';
import type { LightSetup, SyntheticSetup } from './sample-setup.ts';

export interface SyntheticPhoto {
  readonly jpeg: Uint8Array;
  readonly image: Image;
  readonly camera: PinholeCamera;
  readonly albedo: Image;
}

/** iBUG: tip of the nose; jaw ends give the face's width. */
const NOSE_TIP = 30;
const JAW_ENDS = [0, 16];

export async function photograph(
  model: MorphableModel,
  painter: SkinPainter,
  setup: SyntheticSetup,
  positions: Float32Array,
): Promise<SyntheticPhoto> {
  const camera = placeCamera(setup, landmarkPositions(model, model.landmarks['ibug68'], positions));
  const albedo = painter.paint(setup.skin);
  const dressed = dressHead(model, positions, albedo, setup);
  const image = renderHead({
    model: dressed.surface,
    positions: dressed.positions,
    camera,
    albedo: dressed.albedo,
    light: worldLight(setup.light, camera),
    background: paintBackdrop(setup.widthPx, setup.heightPx, setup.backdropSeed),
    supersample: 2,
  });
  exposeSensor(image, setup);
  return { jpeg: await encodeJpeg(image, { quality: setup.jpegQuality }), image, camera, albedo };
}

/**
 * The camera that sees the nose from the set distance and the face at the set place and size.
 * @param marks [68, 3] iBUG landmarks of the head
 */
export function placeCamera(setup: SyntheticSetup, marks: ArrayLike<number>): PinholeCamera {
  const r = rotationMatrix(setup.rotation);
  const turn = (i: number): number[] =>
    [0, 1, 2].map((row) => [0, 1, 2].reduce((sum, c) => sum + r[3 * row + c] * marks[i * 3 + c], 0));
  const nose = turn(NOSE_TIP);
  const [right, left] = JAW_ENDS.map((i) => [0, 1, 2].map((c) => marks[i * 3 + c]));
  const faceWidth = Math.hypot(...right.map((x, c) => x - left[c]));
  const side = Math.min(setup.widthPx, setup.heightPx);
  const z = -setup.noseDistanceMm - nose[2];
  // The width is seen about 60 mm behind the nose.
  const focalPx = (setup.faceShare * side * (setup.noseDistanceMm + 60)) / faceWidth;
  const shift = setup.offset.map((share) => (share * side * setup.noseDistanceMm) / focalPx);
  return {
    widthPx: setup.widthPx,
    heightPx: setup.heightPx,
    focalPx,
    principalPointPx: [setup.widthPx / 2, setup.heightPx / 2],
    rotation: setup.rotation,
    translationMm: [shift[0] - nose[0], shift[1] - nose[1] - 5, z],
  };
}

/** Lamps stand with the camera: their directions are turned into the head's frame. */
export function worldLight(light: LightSetup, camera: PinholeCamera): SphericalHarmonicsLight {
  const r = rotationMatrix(camera.rotation);
  const coefficients = ambientLight(light.ambient).coefficients.slice();
  for (const { direction: d, rgb } of light.lights) {
    const turned: [number, number, number] = [0, 0, 0];
    for (let c = 0; c < 3; c++) turned[c] = r[c] * d[0] + r[3 + c] * d[1] + r[6 + c] * d[2];
    const own = directionalLight(turned, rgb).coefficients;
    for (let i = 0; i < coefficients.length; i++) coefficients[i] += own[i];
  }
  return { coefficients };
}

/** Blur of the lens, then noise of the sensor; in place. */
export function exposeSensor(image: Image, setup: SyntheticSetup): void {
  const { width, height, data } = image;
  const side = Math.min(0.5, setup.blurPx / 2) / 2;
  if (side > 0.02) {
    const source = data.slice();
    for (let y = 1; y + 1 < height; y++)
      for (let x = 1; x + 1 < width; x++)
        for (let c = 0; c < 3; c++) {
          const i = (y * width + x) * 3 + c;
          const around = source[i - 3] + source[i + 3] + source[i - 3 * width] + source[i + 3 * width];
          data[i] = (1 - 2 * side) * source[i] + (side / 2) * around + 0.5;
        }
  }
  const random = createRandom(setup.skin.seed + 2);
  for (let i = 0; i < data.length; i += 3) {
    const grey = setup.noise * random.normal();
    const chroma = 0.5 * setup.noise * random.normal();
    data[i] = clamp(data[i] + grey + chroma);
    data[i + 1] = clamp(data[i + 1] + grey);
    data[i + 2] = clamp(data[i + 2] + grey - chroma);
  }
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
