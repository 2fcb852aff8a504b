/**
 * A picture of a head: rasterise, interpolate, shade. Used for overlays, contact sheets, the landmark-embedding search and
 * benchmarks; everything is shaded in linear RGB and encoded to sRGB once, at the end.
 */
import { project, type PinholeCamera } from '../camera/index.ts';
import { vertexNormals } from '../geometry/index.ts';
import { linearToSrgb8, SRGB8_TO_LINEAR, type Image } from '../image/index.ts';
import { directionalLight, shadeNormals, type SphericalHarmonicsLight } from '../lighting/index.ts';
import { rasterizeVisibility, snap, SUBPIXEL } from './rasterize.ts';

/** What of a mesh or model the renderer needs. */
export interface RenderSurface {
  /** [T, 3] counter-clockwise from outside. */
  readonly triangles: Uint32Array;
  /** [U, 2] in 0..1, origin top left. */
  readonly uvs?: Float32Array;
  /** [T, 3] */
  readonly uvTriangles?: Uint32Array;
  /** Named runs of triangles; sheer ones (lashes, tear film) are left out, since nothing here is transparent. */
  readonly parts?: readonly {
    readonly name: string;
    readonly triangleStart: number;
    readonly triangleCount: number;
  }[];
}

/** Parts that only make sense with transparency: lash cards, tear film, the shadow shell before the eye. */
export function isSheerPart(name: string): boolean {
  return /lash|lacrimal|fluid|occlusion|eye_blend/i.test(name);
}

interface RenderHeadCommon {
  readonly camera: PinholeCamera;
  /** sRGB8 texture in the surface's UV chart; grey clay where there is none. */
  readonly albedo?: Image;
  /** Light in the world frame; a soft key light from the upper left over ambient light by default. */
  readonly light?: SphericalHarmonicsLight;
  /**
   * What is behind: one sRGB colour 0..255, a picture of the camera's size, or `transparent` for RGBA (straight alpha).
   */
  readonly background?: readonly [number, number, number] | Image | 'transparent';
  /** Samples per pixel and axis, 1..4. */
  readonly supersample?: number;
  /** sRGB 0..255 of the clay. */
  readonly clay?: readonly [number, number, number];
}

export type RenderHeadOptions = RenderHeadCommon &
  (
    | { readonly model: RenderSurface; readonly positions: Float32Array }
    | {
        readonly mesh: RenderSurface & { readonly positions: Float32Array };
        readonly positions?: Float32Array;
      }
  );

export const RENDER_HEAD_DEFAULTS: {
  readonly background: readonly [number, number, number];
  readonly supersample: number;
  readonly clay: readonly [number, number, number];
} = { background: [32, 34, 38], supersample: 1, clay: [188, 184, 178] };

/** A key light from the viewer's upper left and a fill: shading of a surface that faces the viewer is about 0.9. */
export const DEFAULT_LIGHT: SphericalHarmonicsLight = directionalLight(
  [-0.45, 0.6, 0.75],
  [0.75, 0.74, 0.72],
  [0.33, 0.34, 0.36],
);

/**
 * Renders the head through the camera at the camera's size.
 *
 * @returns sRGB8 RGB, or RGBA for a `transparent` background.
 * @throws RangeError when the supersampling or a background picture's size does not fit.
 */
export function renderHead(options: RenderHeadOptions): Image {
  const surface = 'model' in options ? options.model : options.mesh;
  const positions = 'model' in options ? options.positions : (options.positions ?? options.mesh.positions);
  const { camera, albedo } = options;
  const supersample = options.supersample ?? RENDER_HEAD_DEFAULTS.supersample;
  if (!Number.isInteger(supersample) || supersample < 1 || supersample > 4) {
    throw new RangeError(`renderHead: supersample must be 1, 2, 3 or 4, got ${supersample}.`);
  }
  const background = options.background ?? RENDER_HEAD_DEFAULTS.background;
  const { widthPx: width, heightPx: height } = camera;
  if (isImage(background) && (background.width !== width || background.height !== height)) {
    throw new RangeError(
      `renderHead: the background is ${background.width} x ${background.height}, the camera ${width} x ${height}.`,
    );
  }
  const fine = width * supersample;
  const projected = project(camera, positions);
  if (supersample > 1) {
    for (let i = 0; i < projected.length; i += 3) {
      projected[i] *= supersample;
      projected[i + 1] *= supersample;
    }
  }
  // Ids alone: barycentrics of every sample are 30 MB for a preview, and each is needed once.
  const { triangleIds } = rasterizeVisibility(
    projected,
    opaqueTriangles(surface),
    fine,
    height * supersample,
  );
  const facing = frontFacing(projected, surface.triangles);
  const shading = shadeNormals(options.light ?? DEFAULT_LIGHT, vertexNormals(positions, surface.triangles));
  const clay = (options.clay ?? RENDER_HEAD_DEFAULTS.clay).map((x) => SRGB8_TO_LINEAR[x]);
  const { uvs, uvTriangles } = surface;
  const sampler = albedo && uvs && uvTriangles ? { albedo, uvs, uvTriangles } : undefined;

  const channels = background === 'transparent' ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const triangle = new ShadedTriangle(projected, surface.triangles, facing, shading, uvs, uvTriangles);
  const sample = triangle.values;
  const texel = Float64Array.from(clay);
  const total = supersample * supersample;
  for (let row = 0, pixel = 0; row < height; row++) {
    for (let column = 0; column < width; column++, pixel++) {
      let covered = 0;
      let red = 0;
      let green = 0;
      let blue = 0;
      // Light without a texture is as good as linear within a triangle: one look at the middle stands for all samples.
      if (sampler === undefined && supersample === 2) {
        const i = 2 * (row * fine + column);
        const id = triangleIds[i];
        if (
          id >= 0 &&
          triangleIds[i + 1] === id &&
          triangleIds[i + fine] === id &&
          triangleIds[i + fine + 1] === id
        ) {
          triangle.at(id, 2 * column + 0.5, 2 * row + 0.5);
          covered = 4;
          red = 4 * sample[0] * texel[0];
          green = 4 * sample[1] * texel[1];
          blue = 4 * sample[2] * texel[2];
        }
      }
      for (let s = covered; s < total; s++) {
        const sampleRow = row * supersample + Math.floor(s / supersample);
        const sampleColumn = column * supersample + (s % supersample);
        const id = triangleIds[sampleRow * fine + sampleColumn];
        if (id < 0) continue;
        covered++;
        triangle.at(id, sampleColumn, sampleRow);
        if (sampler) sampleAlbedo(sampler.albedo, sample[3], sample[4], texel);
        red += sample[0] * texel[0];
        green += sample[1] * texel[1];
        blue += sample[2] * texel[2];
      }
      const at = pixel * channels;
      if (channels === 4) {
        const share = 1 / Math.max(covered, 1);
        data[at] = linearToSrgb8(red * share);
        data[at + 1] = linearToSrgb8(green * share);
        data[at + 2] = linearToSrgb8(blue * share);
        data[at + 3] = Math.round((covered / total) * 255);
        continue;
      }
      const open = 1 - covered / total;
      for (let c = 0; c < 3; c++) {
        const behind = open > 0 ? open * backgroundAt(background, pixel, c) : 0;
        data[at + c] = linearToSrgb8((c === 0 ? red : c === 1 ? green : blue) / total + behind);
      }
    }
  }
  return { width, height, channels, data };
}

/**
 * What is interpolated over a triangle, at one sample after the other. Neighbouring samples mostly share their triangle, whose
 * corners are fetched once.
 */
class ShadedTriangle {
  /** Red, green and blue light at the sample, then its texture coordinates. */
  readonly values: Float64Array = new Float64Array(5);
  readonly #projected: Float32Array;
  readonly #triangles: Uint32Array;
  readonly #facing: Uint8Array;
  readonly #shading: Float32Array;
  readonly #uvs: Float32Array | undefined;
  readonly #uvTriangles: Uint32Array | undefined;
  /** [3, 8] of each corner: u, v in subpixels, 1 / depth, red, green and blue light, texture coordinates. */
  readonly #corners: Float64Array = new Float64Array(24);
  #id = -1;

  constructor(
    projected: Float32Array,
    triangles: Uint32Array,
    facing: Uint8Array,
    shading: Float32Array,
    uvs: Float32Array | undefined,
    uvTriangles: Uint32Array | undefined,
  ) {
    this.#projected = projected;
    this.#triangles = triangles;
    this.#facing = facing;
    this.#shading = shading;
    this.#uvs = uvs;
    this.#uvTriangles = uvTriangles;
  }

  /** Sets `values` for the sample of triangle `id` in a column and row of the raster. */
  at(id: number, column: number, row: number): void {
    if (id !== this.#id) this.#fetch(id);
    const corners = this.#corners;
    const px = column * SUBPIXEL + SUBPIXEL / 2;
    const py = row * SUBPIXEL + SUBPIXEL / 2;
    const ax = corners[0] - px;
    const ay = corners[1] - py;
    const bx = corners[8] - px;
    const by = corners[9] - py;
    const cx = corners[16] - px;
    const cy = corners[17] - py;
    const weightA = (cy * bx - cx * by) * corners[2];
    const weightB = (ay * cx - ax * cy) * corners[10];
    const weightC = (by * ax - bx * ay) * corners[18];
    const gain = 1 / (weightA + weightB + weightC);
    const a = weightA * gain;
    const b = weightB * gain;
    const c = weightC * gain;
    const values = this.values;
    values[0] = a * corners[3] + b * corners[11] + c * corners[19];
    values[1] = a * corners[4] + b * corners[12] + c * corners[20];
    values[2] = a * corners[5] + b * corners[13] + c * corners[21];
    values[3] = a * corners[6] + b * corners[14] + c * corners[22];
    values[4] = a * corners[7] + b * corners[15] + c * corners[23];
  }

  #fetch(id: number): void {
    this.#id = id;
    const inside = this.#facing[id] ? 1 : INSIDE;
    for (let k = 0; k < 3; k++) {
      const vertex = this.#triangles[id * 3 + k] * 3;
      const at = k * 8;
      this.#corners[at] = snap(this.#projected[vertex]);
      this.#corners[at + 1] = snap(this.#projected[vertex + 1]);
      this.#corners[at + 2] = 1 / this.#projected[vertex + 2];
      for (let c = 0; c < 3; c++) this.#corners[at + 3 + c] = inside * this.#shading[vertex + c];
      if (this.#uvs === undefined || this.#uvTriangles === undefined) continue;
      const corner = this.#uvTriangles[id * 3 + k] * 2;
      this.#corners[at + 6] = this.#uvs[corner];
      this.#corners[at + 7] = this.#uvs[corner + 1];
    }
  }
}

/** Light that reaches the inside of a head through mouth and neck, relative to the outside. */
const INSIDE = 0.12;

/** [T] 1 where a triangle shows its outside (counter-clockwise; v points down). */
function frontFacing(projected: Float32Array, triangles: Uint32Array): Uint8Array {
  const out = new Uint8Array(triangles.length / 3);
  for (let t = 0; t < out.length; t++) {
    const a = triangles[t * 3] * 3;
    const b = triangles[t * 3 + 1] * 3;
    const c = triangles[t * 3 + 2] * 3;
    const area =
      (projected[b] - projected[a]) * (projected[c + 1] - projected[a + 1]) -
      (projected[b + 1] - projected[a + 1]) * (projected[c] - projected[a]);
    if (area < 0) out[t] = 1;
  }
  return out;
}

/** The surface's triangles with the sheer ones collapsed, so that ids stay what they are. */
function opaqueTriangles({ triangles, parts }: RenderSurface): Uint32Array {
  const sheer = (parts ?? []).filter(({ name }) => isSheerPart(name));
  if (sheer.length === 0) return triangles;
  const out = triangles.slice();
  for (const { triangleStart, triangleCount } of sheer)
    out.fill(0, triangleStart * 3, (triangleStart + triangleCount) * 3);
  return out;
}

function isImage(background: NonNullable<RenderHeadCommon['background']>): background is Image {
  return typeof background === 'object' && 'data' in background;
}

/** Linear background value of one channel. */
function backgroundAt(
  background: NonNullable<RenderHeadCommon['background']>,
  pixel: number,
  channel: number,
): number {
  if (background === 'transparent') return 0;
  if (!isImage(background)) return SRGB8_TO_LINEAR[background[channel]];
  return SRGB8_TO_LINEAR[
    background.data[pixel * background.channels + (background.channels === 1 ? 0 : channel)]
  ];
}

/** Bilinear lookup in linear light at texture coordinates; edges repeat. */
function sampleAlbedo(
  { width, height, channels, data }: Image,
  u: number,
  v: number,
  out: Float64Array,
): void {
  const x = Math.min(Math.max(u * width - 0.5, 0), width - 1);
  const y = Math.min(Math.max(v * height - 0.5, 0), height - 1);
  const x0 = x | 0;
  const y0 = y | 0;
  const fx = x - x0;
  const fy = y - y0;
  const i = (y0 * width + x0) * channels;
  const right = x0 + 1 < width ? i + channels : i;
  const down = y0 + 1 < height ? width * channels : 0;
  const green = channels === 1 ? 0 : 1;
  const blue = 2 * green;
  const w11 = fx * fy;
  const w10 = fx - w11;
  const w01 = fy - w11;
  const w00 = 1 - fx - w01;
  out[0] =
    w00 * SRGB8_TO_LINEAR[data[i]] +
    w10 * SRGB8_TO_LINEAR[data[right]] +
    w01 * SRGB8_TO_LINEAR[data[i + down]] +
    w11 * SRGB8_TO_LINEAR[data[right + down]];
  out[1] =
    w00 * SRGB8_TO_LINEAR[data[i + green]] +
    w10 * SRGB8_TO_LINEAR[data[right + green]] +
    w01 * SRGB8_TO_LINEAR[data[i + down + green]] +
    w11 * SRGB8_TO_LINEAR[data[right + down + green]];
  out[2] =
    w00 * SRGB8_TO_LINEAR[data[i + blue]] +
    w10 * SRGB8_TO_LINEAR[data[right + blue]] +
    w01 * SRGB8_TO_LINEAR[data[i + down + blue]] +
    w11 * SRGB8_TO_LINEAR[data[right + down + blue]];
}
