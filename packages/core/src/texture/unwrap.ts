/**
 * The photo seen from the texture: for each texel of a chart where it falls in the photo, and how far that pixel may be
 * trusted as this texel's skin.
 */
import type { MorphableModel } from '../model/index.ts';
import type { Rasterization } from '../render/index.ts';
import type { HeadView } from './head-view.ts';
import { samplePlane, type PhotoWindow } from './photo-window.ts';
import { blur, erode } from './plane-filters.ts';
import type { UvChart } from './uv-chart.ts';

export interface UnwrapOptions {
  /** Frontality (cosine) below which a texel is not taken from the photo, and from which on it is fully. */
  readonly frontality?: readonly [number, number];
  /** The same for regions without landmarks to hold them (ears, neck, scalp), where the fit is looser. */
  readonly looseFrontality?: readonly [number, number];
  /** Depth in mm by which a texel may lie behind the nearest surface. */
  readonly toleranceMm?: number;
}

export const UNWRAP_DEFAULTS: Required<UnwrapOptions> = {
  frontality: [0.28, 0.58],
  looseFrontality: [0.45, 0.75],
  toleranceMm: 3,
};

export interface UnwrapInput {
  readonly chart: UvChart;
  readonly model: Pick<MorphableModel, 'triangles' | 'regions' | 'parts'>;
  readonly view: HeadView;
  readonly window: PhotoWindow;
  readonly raster: Rasterization;
  /** [H, W] of the window: trust in the photo, and where it shows plain skin. */
  readonly mask: Float32Array;
  readonly plain: Float32Array;
  /** The mask with eyes and mouth filled in. */
  readonly solid: Float32Array;
}

/** [S, S] planes of one chart. */
export interface Unwrapped {
  /** 1 for texels of the skin part. */
  readonly skin: Uint8Array;
  /** Trust 0..1 in the photo at this texel. */
  readonly confidence: Float32Array;
  /** Confidence well inside of the border to hair and background, whose shade and colour bleed over: what tone is taken from. */
  readonly core: Float32Array;
  /** What `confidence` would be if nothing but the head itself could hide the skin: visibility and angle without the mask. */
  readonly possible: Float32Array;
  /** Confidence of texels that show plain skin, without lips, brows and lids: what light is estimated from. */
  readonly plain: Float32Array;
  /** [S, S, 3] linear RGB of the window at the texel; 0 where the confidence is 0. */
  readonly observed: Float32Array;
  /** [S, S, 3] world-frame unit normals of skin texels. */
  readonly normals: Float32Array;
}

export function unwrap(input: UnwrapInput, options: UnwrapOptions = {}): Unwrapped {
  const { chart, model, view, window, raster, mask } = input;
  const plain = new Float32Array(chart.size * chart.size);
  const solid = new Float32Array(chart.size * chart.size);
  const possible = new Float32Array(chart.size * chart.size);
  const { size, triangleIds, barycentrics } = chart;
  const tight = options.frontality ?? UNWRAP_DEFAULTS.frontality;
  const loose = options.looseFrontality ?? UNWRAP_DEFAULTS.looseFrontality;
  const toleranceMm = options.toleranceMm ?? UNWRAP_DEFAULTS.toleranceMm;
  const count = size * size;
  const skin = skinTexels(chart, model);
  const confidence = new Float32Array(count);
  const observed = new Float32Array(count * 3);
  const normals = new Float32Array(count * 3);
  const { triangles } = model;
  const { ears, neck, scalp } = model.regions;
  const looseness = (vertex: number): number =>
    Math.min(1, (ears?.[vertex] ?? 0) + (neck?.[vertex] ?? 0) + (scalp?.[vertex] ?? 0));
  const planes = [0, 1, 2].map(() => new Float32Array(mask.length));
  for (let i = 0; i < mask.length; i++) for (let c = 0; c < 3; c++) planes[c][i] = window.linear[i * 3 + c];
  for (let i = 0; i < count; i++) {
    if (!skin[i]) continue;
    const t = triangleIds[i] * 3;
    let u = 0;
    let v = 0;
    let depth = 0;
    let facing = 0;
    let looseHere = 0;
    let length = 0;
    for (let k = 0; k < 3; k++) {
      const weight = barycentrics[i * 3 + k];
      const vertex = triangles[t + k];
      u += weight * view.projected[vertex * 3];
      v += weight * view.projected[vertex * 3 + 1];
      depth += weight * view.projected[vertex * 3 + 2];
      facing += weight * view.frontality[vertex];
      looseHere += weight * looseness(vertex);
      for (let c = 0; c < 3; c++) normals[i * 3 + c] += weight * view.normals[vertex * 3 + c];
    }
    for (let c = 0; c < 3; c++) length += normals[i * 3 + c] ** 2;
    length = Math.sqrt(length) || 1;
    for (let c = 0; c < 3; c++) normals[i * 3 + c] /= length;
    const from = tight[0] + looseHere * (loose[0] - tight[0]);
    const to = tight[1] + looseHere * (loose[1] - tight[1]);
    if (facing <= from) continue;
    if (!isVisible(raster, window, u, v, depth, toleranceMm / Math.max(facing, 0.3))) continue;
    const squareness = smoothstep(from, to, facing);
    possible[i] = squareness;
    const trusted = samplePlane(mask, window, u, v);
    const filled = samplePlane(input.solid, window, u, v);
    if (trusted <= 0 && filled <= 0) continue;
    confidence[i] = trusted * squareness;
    solid[i] = filled * squareness;
    if (trusted <= 0) continue;
    plain[i] = samplePlane(input.plain, window, u, v);
    for (let c = 0; c < 3; c++) observed[i * 3 + c] = samplePlane(planes[c], window, u, v);
  }
  // Visibility is decided per texel; shrink and soften, so that a missed occluder's rim does not print.
  const soft = blur(erode(confidence, size, size, 1), size, size, 1.2);
  const core = blur(erode(solid, size, size, CORE_MARGIN), size, size, 1.5);
  for (let i = 0; i < count; i++) {
    soft[i] = Math.min(soft[i], confidence[i]);
    plain[i] *= soft[i];
    core[i] = Math.min(core[i], soft[i]);
  }
  return { skin, core, plain, possible, confidence: soft, observed, normals };
}

/** Texels of the coarse chart by which tone keeps away from the border. */
const CORE_MARGIN = 3;

const SKIN_TEXELS = new WeakMap<UvChart, Uint8Array>();

/**
 * 1 where the chart's texel belongs to the part `skin` (every covered texel of a model without named parts). Made once per
 * chart; not to be written to.
 */
export function skinTexels(chart: UvChart, model: Pick<MorphableModel, 'parts'>): Uint8Array {
  const known = SKIN_TEXELS.get(chart);
  if (known) return known;
  const index = model.parts.findIndex(({ name }) => name === 'skin');
  const out = new Uint8Array(chart.part.length);
  SKIN_TEXELS.set(chart, out);
  for (let i = 0; i < out.length; i++)
    if (chart.triangleIds[i] >= 0 && (index < 0 || chart.part[i] === index)) out[i] = 1;
  return out;
}

/** Nothing of the head lies in front, at all four pixels around the position; false outside of the window. */
function isVisible(
  { width, height, depth }: Rasterization,
  window: PhotoWindow,
  u: number,
  v: number,
  depthMm: number,
  toleranceMm: number,
): boolean {
  const x = (u - window.x) * window.scale - 0.5;
  const y = (v - window.y) * window.scale - 0.5;
  if (!(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) return false;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const x1 = Math.min(x0 + 1, width - 1);
  const y1 = Math.min(y0 + 1, height - 1);
  const nearest = Math.min(
    depth[y0 * width + x0],
    depth[y0 * width + x1],
    depth[y1 * width + x0],
    depth[y1 * width + x1],
  );
  return depthMm <= nearest + toleranceMm;
}

export function smoothstep(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
