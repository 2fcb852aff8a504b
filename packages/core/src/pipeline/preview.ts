/** Pictures of a fit from the photo's own camera: the crop around the head, the render over it, the shape in clay. */
import { project, scaleCamera, cropCamera } from '../camera/index.ts';
import type { PinholeCamera } from '../camera/index.ts';
import { cropAffine, pyramidOf } from '../image/index.ts';
import type { Image, Photo } from '../image/index.ts';
import type { SphericalHarmonicsLight } from '../lighting/index.ts';
import type { MorphableModel } from '../model/index.ts';
import { renderHead } from '../render/index.ts';
import { mouthInside } from './mouth-pocket.ts';

export interface PreviewInput {
  readonly photo: Photo;
  readonly model: MorphableModel;
  /** [V, 3] model mm, the photo's expression. */
  readonly positions: Float32Array;
  readonly camera: PinholeCamera;
  readonly light: SphericalHarmonicsLight;
  readonly albedo: Image;
  /** Height of the pictures in pixels. */
  readonly heightPx: number;
}

export interface OverPhoto {
  /** The photo around the head; grey beyond its edge. */
  readonly photo: Photo;
  readonly render: Image;
  /** The camera of these pictures. */
  readonly camera: PinholeCamera;
  /** Photo pixels to preview pixels: p' = (p - origin) * scale. */
  readonly origin: readonly [number, number];
  readonly scale: number;
}

export interface Preview extends OverPhoto {
  /** The head in clay. */
  readonly shape: Image;
}

/** Space around the head's box, as a share of its height. */
const MARGIN = 0.12;
/** sRGB of what lies beyond the photo's edge. */
const OUTSIDE = 200;
/** Samples per pixel and axis. */
const SUPERSAMPLE = 2;
const SHAPE_BACKGROUND: readonly [number, number, number] = [246, 246, 244];

export function renderPreview(input: PreviewInput): Preview {
  const { model, positions } = input;
  const view = renderOverPhoto(input);
  return {
    ...view,
    shape: renderHead({
      model: withoutMouthInside(model),
      positions,
      camera: view.camera,
      supersample: SUPERSAMPLE,
      background: SHAPE_BACKGROUND,
    }),
  };
}

/** The same without the shape: what similarity is measured on. */
export function renderOverPhoto(input: PreviewInput): OverPhoto {
  const { heightPx } = input;
  const box = headBox(input);
  const margin = MARGIN * box.height;
  const [left, top] = [box.x - margin, box.y - margin];
  const scale = heightPx / (box.height + 2 * margin);
  const widthPx = Math.max(1, Math.round((box.width + 2 * margin) * scale));
  const camera = {
    ...scaleCamera(
      cropCamera(input.camera, {
        x: left,
        y: top,
        width: box.width + 2 * margin,
        height: box.height + 2 * margin,
      }),
      scale,
    ),
    widthPx,
    heightPx,
  };
  const toPhoto = { a: 1 / scale, b: 0, c: left, d: 0, e: 1 / scale, f: top };
  const crop = cropAffine(pyramidOf(input.photo), toPhoto, widthPx, heightPx, {
    low: 0,
    high: 255,
    outside: OUTSIDE,
  });
  // A loop: `Uint8Array.from` with a function took 30 ms of the 1.5 s a draft may take.
  const data = new Uint8Array(crop.length);
  for (let i = 0; i < crop.length; i++) data[i] = crop[i] + 0.5;
  const photo: Photo = { width: widthPx, height: heightPx, channels: 3, data };
  const { model, positions, albedo, light } = input;
  return {
    photo,
    render: renderHead({
      model,
      positions,
      camera,
      supersample: SUPERSAMPLE,
      albedo,
      light,
      background: photo,
    }),
    camera,
    origin: [left, top],
    scale,
  };
}

function headBox({ camera, positions }: PreviewInput): {
  x: number;
  y: number;
  width: number;
  height: number;
} {
  const projected = project(camera, positions);
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < projected.length; i += 3) {
    left = Math.min(left, projected[i]);
    right = Math.max(right, projected[i]);
    top = Math.min(top, projected[i + 1]);
    bottom = Math.max(bottom, projected[i + 1]);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** In clay, the inside of the mouth looks like a tongue; without it the mouth is dark. It is the last part. */
function withoutMouthInside(model: MorphableModel): MorphableModel {
  const inside = mouthInside(model);
  if (inside === undefined || 3 * (inside.triangleStart + inside.triangleCount) !== model.triangles.length)
    return model;
  const end = 3 * inside.triangleStart;
  return {
    ...model,
    triangles: model.triangles.subarray(0, end),
    uvTriangles: model.uvTriangles.subarray(0, end),
    parts: model.parts.filter((part) => part !== inside),
  };
}
