/**
 * A picture of a head: rasterise, interpolate, shade. Used for overlays, contact sheets, the landmark-embedding search and
 * benchmarks; everything is shaded in linear RGB and encoded to sRGB once, at the end.
 */
import { project, type PinholeCamera } from '../camera/index.ts';
import { vertexNormals } from '../geometry/index.ts';
import { linearToSrgb8, SRGB8_TO_LINEAR, type Image } from '../image/index.ts';
import { directionalLight, shadeNormals, type SphericalHarmonicsLight } from '../lighting/index.ts';
import { rasterize } from './rasterize.ts';

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
  const { triangleIds, barycentrics } = rasterize(
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
  const texel = new Float64Array(3);
  const sum = new Float64Array(3);
  for (let row = 0, pixel = 0; row < height; row++) {
    for (let column = 0; column < width; column++, pixel++) {
      sum.fill(0);
      let covered = 0;
      for (let s = 0; s < supersample * supersample; s++) {
        const sampleRow = row * supersample + Math.floor(s / supersample);
        const i = sampleRow * fine + column * supersample + (s % supersample);
        const id = triangleIds[i];
        if (id < 0) continue;
        covered++;
        const inside = facing[id] ? 1 : INSIDE;
        if (sampler) sampleAlbedo(sampler, id, barycentrics, i * 3, texel);
        for (let c = 0; c < 3; c++) {
          const light =
            barycentrics[i * 3] * shading[surface.triangles[id * 3] * 3 + c] +
            barycentrics[i * 3 + 1] * shading[surface.triangles[id * 3 + 1] * 3 + c] +
            barycentrics[i * 3 + 2] * shading[surface.triangles[id * 3 + 2] * 3 + c];
          sum[c] += inside * light * (sampler ? texel[c] : clay[c]);
        }
      }
      const total = supersample * supersample;
      const alpha = covered / total;
      for (let c = 0; c < 3; c++) {
        const behind = backgroundAt(background, pixel, c);
        const linear = channels === 4 ? sum[c] / Math.max(covered, 1) : sum[c] / total + (1 - alpha) * behind;
        data[pixel * channels + c] = linearToSrgb8(linear);
      }
      if (channels === 4) data[pixel * 4 + 3] = Math.round(alpha * 255);
    }
  }
  return { width, height, channels, data };
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

interface AlbedoSampler {
  readonly albedo: Image;
  readonly uvs: Float32Array;
  readonly uvTriangles: Uint32Array;
}

/** Bilinear lookup in linear light; edges repeat. */
function sampleAlbedo(
  { albedo, uvs, uvTriangles }: AlbedoSampler,
  id: number,
  barycentrics: Float32Array,
  at: number,
  out: Float64Array,
): void {
  let u = 0;
  let v = 0;
  for (let k = 0; k < 3; k++) {
    const corner = uvTriangles[id * 3 + k] * 2;
    u += barycentrics[at + k] * uvs[corner];
    v += barycentrics[at + k] * uvs[corner + 1];
  }
  const { width, height, channels, data } = albedo;
  const x = Math.min(Math.max(u * width - 0.5, 0), width - 1);
  const y = Math.min(Math.max(v * height - 0.5, 0), height - 1);
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const right = x0 + 1 < width ? channels : 0;
  const down = y0 + 1 < height ? width * channels : 0;
  const i = (y0 * width + x0) * channels;
  for (let c = 0; c < 3; c++) {
    const p = i + (channels === 1 ? 0 : c);
    out[c] =
      (1 - fy) * ((1 - fx) * SRGB8_TO_LINEAR[data[p]] + fx * SRGB8_TO_LINEAR[data[p + right]]) +
      fy * ((1 - fx) * SRGB8_TO_LINEAR[data[p + down]] + fx * SRGB8_TO_LINEAR[data[p + right + down]]);
  }
}
