/**
 * What the photo shows between parted lips, painted onto the inside of the mouth: a smile without its teeth is the first
 * thing one sees. The surface lies about where teeth are, so they stay in place from half the side; where the photo shows
 * nothing it keeps its dark red. The photo's light is divided out as it will be multiplied in again: by the surface's own
 * shading. What that leaves bluish or greenish was the light's colour wrongly guessed: nothing in a mouth is.
 */
import { project } from '../camera/index.ts';
import type { PinholeCamera } from '../camera/index.ts';
import { vertexNormals } from '../geometry/index.ts';
import { cropAffine, linearToSrgb8, pyramidOf, srgbToLinear, SRGB8_TO_LINEAR } from '../image/index.ts';
import type { Image, Photo } from '../image/index.ts';
import { shadeNormals } from '../lighting/index.ts';
import type { SphericalHarmonicsLight } from '../lighting/index.ts';
import type { ModelPart, MorphableModel } from '../model/index.ts';
import { rasterize } from '../render/index.ts';
import { mouthInside } from './mouth-pocket.ts';

export interface PaintMouthInput {
  readonly photo: Photo;
  readonly model: MorphableModel;
  /** [V, 3] model mm, the photo's expression. */
  readonly positions: Float32Array;
  readonly camera: PinholeCamera;
  readonly light: SphericalHarmonicsLight;
  /** Painted in place. */
  readonly albedo: Image;
}

/** Width of the mouth in the window that visibility is decided in, pixels. */
const WINDOW_PX = 160;
const MARGIN_PX = 4;
/** A pixel of the window counts in full when all within this distance show the pocket too: lips are not teeth. */
const REACH = 2;
/** A surface this far behind what is seen around it is hidden. */
const TOLERANCE_MM = 2;
/**
 * The strongest channel of clean teeth in linear reflectance, approached from the knee on so that the pattern of bright teeth is
 * kept, and the least shading that is divided by: deep in the mouth hardly any light is left.
 */
const MAX_ALBEDO = 0.85;
const KNEE = 0.55;
const MIN_SHADING = 0.25;
/** Least log(red / green) and range of log(blue / green) of enamel; gums, tongue and the dark behind lie within, but redder. */
const LEAST_RED = 0.11;
const BLUE = [-0.28, -0.13] as const;

/** The part of the photo around the mouth, and how much of each of its pixels is the inside of the mouth. */
interface MouthWindow {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  /** [H, W] 0..1 */
  readonly inside: Float32Array;
  /** [H, W] mm to what is seen of the mouth's inside, the most of a pixel and those around it. */
  readonly farthest: Float32Array;
  /** [H, W, 3] sRGB 0..1 */
  readonly colour: Float32Array;
}

/** @returns the share 0..1 of the pocket's texels that the photo shows; 0 leaves the albedo as it was. */
export function paintMouth(input: PaintMouthInput): number {
  const { model, positions, albedo } = input;
  const part = mouthInside(model);
  if (part === undefined) return 0;
  const projected = project(input.camera, positions);
  const window = mouthWindow(input, projected, part);
  if (window === undefined) return 0;
  const shading = shadeNormals(input.light, vertexNormals(positions, model.triangles));

  const { width: size } = albedo;
  const [start, end] = [3 * part.triangleStart, 3 * (part.triangleStart + part.triangleCount)];
  const corners = model.uvTriangles.subarray(start, end);
  const vertices = model.triangles.subarray(start, end);
  const chart = chartWindow(model.uvs, corners, size);
  const texels = rasterize(chart.points, chart.triangles, chart.width, chart.height);
  let painted = 0;
  let covered = 0;
  for (let i = 0; i < texels.triangleIds.length; i++) {
    const t = 3 * texels.triangleIds[i];
    if (t < 0) continue;
    covered++;
    let u = 0;
    let v = 0;
    let depth = 0;
    const light = [0, 0, 0];
    for (let k = 0; k < 3; k++) {
      const weight = texels.barycentrics[3 * i + k];
      const vertex = 3 * vertices[t + k];
      u += weight * projected[vertex];
      v += weight * projected[vertex + 1];
      depth += weight * projected[vertex + 2];
      for (let c = 0; c < 3; c++) light[c] += weight * shading[vertex + c];
    }
    const x = Math.floor((u - window.left) * window.scale);
    const y = Math.floor((v - window.top) * window.scale);
    if (x < 0 || y < 0 || x >= window.width || y >= window.height) continue;
    const pixel = y * window.width + x;
    const share = window.inside[pixel];
    // The back of the mouth lies behind the teeth: one of the two is seen.
    if (share <= 0 || depth > window.farthest[pixel] + TOLERANCE_MM) continue;
    painted += share;
    const texel = 3 * ((chart.top + Math.floor(i / chart.width)) * size + chart.left + (i % chart.width));
    const reflectance = mouthReflectance(window.colour, 3 * pixel, light);
    for (let c = 0; c < 3; c++) {
      const old = SRGB8_TO_LINEAR[albedo.data[texel + c]];
      albedo.data[texel + c] = linearToSrgb8(old + share * (reflectance[c] - old));
    }
  }
  return covered === 0 ? 0 : painted / covered;
}

/** Linear reflectance of an sRGB colour under a light, its chroma held to what a mouth can have, its luminance kept. */
function mouthReflectance(
  colour: Float32Array,
  at: number,
  light: readonly number[],
): [number, number, number] {
  const [red, green, blue] = light.map((x, c) => srgbToLinear(colour[at + c]) / Math.max(MIN_SHADING, x));
  const luminance = 0.25 * red + 0.6 * green + 0.15 * blue;
  const warmRed = Math.max(red, green * Math.exp(LEAST_RED));
  const warmBlue =
    green * Math.min(Math.exp(BLUE[1]), Math.max(Math.exp(BLUE[0]), blue / Math.max(green, 1e-6)));
  const warm = 0.25 * warmRed + 0.6 * green + 0.15 * warmBlue;
  const brightest = Math.max(warmRed, green, warmBlue, 1e-6);
  // Glints are brighter than any tooth; scaled as a whole, they do not turn grey.
  const shown = (luminance / Math.max(warm, 1e-6)) * brightest;
  const room = MAX_ALBEDO - KNEE;
  const held = shown > KNEE ? KNEE + room * (1 - Math.exp((KNEE - shown) / room)) : shown;
  const gain = held / brightest;
  return [gain * warmRed, gain * green, gain * warmBlue];
}

function mouthWindow(
  { photo, model }: PaintMouthInput,
  projected: Float32Array,
  { vertexStart, vertexCount, triangleStart, triangleCount }: ModelPart,
): MouthWindow | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 3 * vertexStart; i < 3 * (vertexStart + vertexCount); i += 3) {
    left = Math.min(left, projected[i]);
    right = Math.max(right, projected[i]);
    top = Math.min(top, projected[i + 1]);
    bottom = Math.max(bottom, projected[i + 1]);
  }
  if (!(right > left && bottom > top)) return undefined;
  const scale = WINDOW_PX / (right - left);
  left -= MARGIN_PX / scale;
  top -= MARGIN_PX / scale;
  const width = WINDOW_PX + 2 * MARGIN_PX;
  const height = Math.min(2 * width, Math.ceil((bottom - top) * scale) + MARGIN_PX);
  const local = projected.slice();
  for (let i = 0; i < local.length; i += 3) {
    local[i] = (local[i] - left) * scale;
    local[i + 1] = (local[i + 1] - top) * scale;
  }
  const { triangleIds, depth } = rasterize(local, model.triangles, width, height);
  const pocket = new Uint8Array(triangleIds.length);
  for (const [i, id] of triangleIds.entries())
    if (id >= triangleStart && id < triangleStart + triangleCount) pocket[i] = 1;
  const inside = new Float32Array(width * height);
  let any = false;
  for (let y = REACH; y < height - REACH; y++)
    for (let x = REACH; x < width - REACH; x++) {
      if (!pocket[y * width + x]) continue;
      let sum = 0;
      for (let dy = -REACH; dy <= REACH; dy++)
        for (let dx = -REACH; dx <= REACH; dx++) sum += pocket[(y + dy) * width + x + dx];
      inside[y * width + x] = Math.max(0, (2 * sum) / (2 * REACH + 1) ** 2 - 1);
      any = true;
    }
  if (!any) return undefined;
  const toPhoto = { a: 1 / scale, b: 0, c: left, d: 0, e: 1 / scale, f: top };
  return {
    width,
    height,
    left,
    top,
    scale,
    inside,
    farthest: farthestAround(depth, pocket, inside, width, height),
    colour: cropAffine(pyramidOf(photo), toPhoto, width, height),
  };
}

/**
 * Palate and floor run away from the camera right behind the teeth's edges, tens of millimetres within a pixel or two: compared
 * with the depth of their own pixel alone they count as hidden, and a dark line goes through a row of teeth.
 */
function farthestAround(
  depth: Float32Array,
  wanted: Uint8Array,
  inside: Float32Array,
  width: number,
  height: number,
): Float32Array {
  const out = new Float32Array(depth.length);
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      if (inside[y * width + x] <= 0) continue;
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const near = (y + dy) * width + x + dx;
          if (wanted[near] && depth[near] > out[y * width + x]) out[y * width + x] = depth[near];
        }
    }
  return out;
}

/** The pocket's texture corners as a mesh of its own in texels, from the corner of the box it fills. */
function chartWindow(
  uvs: Float32Array,
  corners: Uint32Array,
  size: number,
): {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly points: Float32Array;
  readonly triangles: Uint32Array;
} {
  let [left, top, right, bottom] = [size, size, 0, 0];
  for (const corner of corners) {
    left = Math.min(left, Math.floor(uvs[2 * corner] * size));
    right = Math.max(right, Math.ceil(uvs[2 * corner] * size));
    top = Math.min(top, Math.floor(uvs[2 * corner + 1] * size));
    bottom = Math.max(bottom, Math.ceil(uvs[2 * corner + 1] * size));
  }
  const points = new Float32Array(3 * corners.length);
  for (let i = 0; i < corners.length; i++)
    points.set([uvs[2 * corners[i]] * size - left, uvs[2 * corners[i] + 1] * size - top, 1], 3 * i);
  return {
    left,
    top,
    width: Math.min(size, right) - left,
    height: Math.min(size, bottom) - top,
    points,
    triangles: Uint32Array.from({ length: corners.length }, (_, i) => i),
  };
}
