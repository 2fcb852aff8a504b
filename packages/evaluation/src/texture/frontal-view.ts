/**
 * One head from the front under one light, for thousands of textures: everything but the texture is fixed, so a picture is a
 * sparse linear map of the texels in linear light, made once. 256 px take some milliseconds.
 */
import { project, type PinholeCamera } from '@likeness/core/camera';
import { vertexNormals } from '@likeness/core/geometry';
import { linearToSrgb, srgbToLinear, type Photo } from '@likeness/core/image';
import { directionalLight, shadeNormals } from '@likeness/core/lighting';
import { evaluateModel, landmarkPositions, type MorphableModel } from '@likeness/core/model';
import { isSheerPart, rasterize } from '@likeness/core/render';

export interface FrontalViewOptions {
  /** Side of the picture in pixels. */
  readonly sizePx: number;
  /** Side of the picture relative to the longer side of the landmarks' box (identity networks are shown 1.5). */
  readonly scale: number;
  /** Texels per side of the maps. */
  readonly mapSize: number;
}

export interface FrontalView {
  readonly sizePx: number;
  /** [468, 3] where the landmarks lie: pixels, and depth relative to the head's middle in the same unit. */
  readonly landmarks: Float32Array;
  /** @param map [3, S, S] sRGB-encoded, bytes or 0..1; @returns [size, size, 3] sRGB-encoded 0..255, not rounded */
  render(map: Uint8Array | Float32Array): Float32Array;
}

/** Lens to head in mm: far enough for a portrait, near enough for perspective. */
const DISTANCE_MM = 800;
const LIGHT = directionalLight([-0.3, 0.5, 0.8], [0.7, 0.7, 0.7], [0.4, 0.4, 0.4]);
/** sRGB of what is behind the head. */
const BACKGROUND = 110;
/** Samples per pixel and axis. */
const FINE = 2;

/** The model's mean head with a neutral face, straight from the front. @throws RangeError for a model without dense landmarks */
export function createFrontalView(model: MorphableModel, options: FrontalViewOptions): FrontalView {
  const { sizePx, scale, mapSize } = options;
  const dense = Object.hasOwn(model.landmarks, 'mediapipe468') ? model.landmarks['mediapipe468'] : undefined;
  if (!dense) throw new RangeError(`createFrontalView: the head model ${model.name} has no dense landmarks.`);
  const positions = evaluateModel(model, new Float32Array(0), new Float32Array(0));
  const points = landmarkPositions(model, dense, positions);
  const camera = frontalCamera(points, sizePx, scale);
  const landmarks = project(camera, points);
  for (let i = 2; i < landmarks.length; i += 3)
    landmarks[i] = ((landmarks[i] - DISTANCE_MM) * camera.focalPx) / DISTANCE_MM;

  const fine = sizePx * FINE;
  const projected = project(camera, positions);
  for (let i = 0; i < projected.length; i += 3) {
    projected[i] *= FINE;
    projected[i + 1] *= FINE;
  }
  const { triangleIds, barycentrics } = rasterize(projected, opaque(model), fine, fine);
  const shading = shadeNormals(LIGHT, vertexNormals(positions, model.triangles));
  const starts = new Uint32Array(sizePx * sizePx + 1);
  const texels: number[] = [];
  const weights: number[] = [];
  const behind = new Float32Array(sizePx * sizePx);
  const found = new Map<number, number>();
  for (let pixel = 0; pixel < sizePx * sizePx; pixel++) {
    found.clear();
    let empty = 0;
    for (let s = 0; s < FINE * FINE; s++) {
      const row = Math.floor(pixel / sizePx) * FINE + Math.floor(s / FINE);
      const sample = row * fine + (pixel % sizePx) * FINE + (s % FINE);
      const triangle = triangleIds[sample];
      if (triangle < 0) {
        empty++;
        continue;
      }
      let [u, v, light] = [0, 0, 0];
      for (let k = 0; k < 3; k++) {
        const weight = barycentrics[sample * 3 + k];
        const corner = model.uvTriangles[triangle * 3 + k] * 2;
        u += weight * model.uvs[corner];
        v += weight * model.uvs[corner + 1];
        // The light is white: one channel stands for all.
        light += weight * shading[model.triangles[triangle * 3 + k] * 3];
      }
      const clamp = (t: number): number => Math.min(Math.max(t * mapSize - 0.5, 0), mapSize - 1);
      const [x, y] = [clamp(u), clamp(v)];
      const [x0, y0] = [Math.floor(x), Math.floor(y)];
      const [x1, y1] = [Math.min(x0 + 1, mapSize - 1), Math.min(y0 + 1, mapSize - 1)];
      const [fx, fy] = [x - x0, y - y0];
      const share = light / (FINE * FINE);
      for (const [texel, weight] of [
        [y0 * mapSize + x0, (1 - fx) * (1 - fy)],
        [y0 * mapSize + x1, fx * (1 - fy)],
        [y1 * mapSize + x0, (1 - fx) * fy],
        [y1 * mapSize + x1, fx * fy],
      ] as const)
        if (weight > 0) found.set(texel, (found.get(texel) ?? 0) + weight * share);
    }
    for (const [texel, weight] of found) {
      texels.push(texel);
      weights.push(weight);
    }
    starts[pixel + 1] = texels.length;
    behind[pixel] = (empty / FINE ** 2) * srgbToLinear(BACKGROUND / 255);
  }
  return {
    sizePx,
    landmarks,
    render: createGather(starts, Uint32Array.from(texels), Float32Array.from(weights), behind, mapSize),
  };
}

/** The picture's bytes as a photo. A loop: `Uint8Array.from` with a function took 20 ms, as long as both networks that look at it. */
export function photoOf(pixels: Float32Array, sizePx: number): Photo {
  const data = new Uint8Array(pixels.length);
  for (let i = 0; i < data.length; i++) data[i] = pixels[i] + 0.5;
  return { width: sizePx, height: sizePx, channels: 3, data };
}

const TABLE = 4096;
/** Encoded values over linear ones in 0..1, square-root spaced so that linear interpolation is exact to 0.01 of a level. */
const ENCODED = Float32Array.from({ length: TABLE + 2 }, (_, i) => 255 * linearToSrgb((i / TABLE) ** 2));
const DECODED = Float32Array.from({ length: TABLE + 2 }, (_, i) => srgbToLinear(i / TABLE));
const DECODED8 = Float32Array.from({ length: 256 }, (_, i) => srgbToLinear(i / 255));

function createGather(
  starts: Uint32Array,
  texels: Uint32Array,
  weights: Float32Array,
  behind: Float32Array,
  mapSize: number,
): FrontalView['render'] {
  const used = Uint32Array.from(new Set(texels)).sort();
  const plane = mapSize * mapSize;
  const linear = new Float32Array(3 * plane);
  return (map) => {
    if (map.length !== 3 * plane)
      throw new RangeError(
        `FrontalView: expected a map of ${mapSize} x ${mapSize}, received ${map.length} values.`,
      );
    const bytes = map instanceof Uint8Array;
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < used.length; i++) {
        const at = c * plane + used[i];
        linear[at] = bytes ? DECODED8[map[at]] : lookUp(DECODED, map[at]);
      }
    const out = new Float32Array(behind.length * 3);
    for (let pixel = 0; pixel < behind.length; pixel++) {
      let red = behind[pixel];
      let green = red;
      let blue = red;
      for (let i = starts[pixel]; i < starts[pixel + 1]; i++) {
        const at = texels[i];
        const weight = weights[i];
        red += weight * linear[at];
        green += weight * linear[plane + at];
        blue += weight * linear[2 * plane + at];
      }
      out[pixel * 3] = lookUp(ENCODED, Math.sqrt(red));
      out[pixel * 3 + 1] = lookUp(ENCODED, Math.sqrt(green));
      out[pixel * 3 + 2] = lookUp(ENCODED, Math.sqrt(blue));
    }
    return out;
  };
}

function lookUp(table: Float32Array, value: number): number {
  const at = value <= 0 ? 0 : value >= 1 ? TABLE : value * TABLE;
  const low = Math.floor(at);
  return table[low] + (at - low) * (table[low + 1] - table[low]);
}

/** A camera whose picture is a square around the landmarks' box. */
function frontalCamera(points: Float32Array, sizePx: number, scale: number): PinholeCamera {
  const unit: PinholeCamera = {
    widthPx: sizePx,
    heightPx: sizePx,
    focalPx: 1000,
    principalPointPx: [0, 0],
    rotation: [0, 0, 0],
    translationMm: [0, 0, -DISTANCE_MM],
  };
  const seen = project(unit, points);
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < seen.length; i += 3) {
    left = Math.min(left, seen[i]);
    right = Math.max(right, seen[i]);
    top = Math.min(top, seen[i + 1]);
    bottom = Math.max(bottom, seen[i + 1]);
  }
  const zoom = sizePx / (scale * Math.max(right - left, bottom - top));
  return {
    ...unit,
    focalPx: unit.focalPx * zoom,
    principalPointPx: [sizePx / 2 - (zoom * (left + right)) / 2, sizePx / 2 - (zoom * (top + bottom)) / 2],
  };
}

/** Without lashes and tear film, which only make sense with transparency. */
function opaque({ triangles, parts }: MorphableModel): Uint32Array {
  const out = triangles.slice();
  for (const { name, triangleStart, triangleCount } of parts)
    if (isSheerPart(name)) out.fill(0, triangleStart * 3, (triangleStart + triangleCount) * 3);
  return out;
}
