/** Errors as colours on a mesh, seen from the front and from both sides, with the colour bar beside it. */
import { project } from '@likeness/core/camera';
import type { PinholeCamera } from '@likeness/core/camera';
import { vertexNormals } from '@likeness/core/geometry';
import type { Image } from '@likeness/core/image';
import { rasterize } from '@likeness/core/render';

export interface HeatMapInput {
  /** [V, 3] any unit, +Y up, +Z out of the face. */
  readonly positions: Float32Array;
  /** [T, 3] */
  readonly triangles: Uint32Array;
  /** [V] mm; NaN where nothing was measured, drawn grey. */
  readonly errorsMm: ArrayLike<number>;
  /** Error of the bar's upper end. */
  readonly maxMm: number;
  readonly heightPx?: number;
  /** Yaw of each view in degrees. */
  readonly views?: readonly number[];
}

export const HEAT_MAP_DEFAULTS: { readonly heightPx: number; readonly views: readonly number[] } = {
  heightPx: 260,
  views: [-45, 0, 45],
};

const BACKGROUND = 250;
const UNMEASURED: readonly [number, number, number] = [170, 170, 170];
const BAR_PX = 46;
/** Dark blue, cyan, green, yellow, red at 0, 1/4, 1/2, 3/4 and 1: equal steps of lightness up to yellow. */
const STOPS: readonly (readonly [number, number, number])[] = [
  [49, 54, 149],
  [69, 155, 200],
  [171, 221, 164],
  [253, 190, 96],
  [190, 20, 38],
];

/** sRGB 0..255 of a share of the bar. */
export function heatColour(share: number): [number, number, number] {
  const t = Math.max(0, Math.min(1, share)) * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(t));
  const f = t - i;
  const mix = (c: number): number => Math.round(STOPS[i][c] + f * (STOPS[i + 1][c] - STOPS[i][c]));
  return [mix(0), mix(1), mix(2)];
}

/** @returns sRGB8: the views side by side, then the bar (its ends are 0 and `maxMm`; the caption must say so) */
export function heatMap(input: HeatMapInput): Image {
  const heightPx = input.heightPx ?? HEAT_MAP_DEFAULTS.heightPx;
  const views = input.views ?? HEAT_MAP_DEFAULTS.views;
  const { positions, triangles, errorsMm, maxMm } = input;
  const { centre, radius } = bounds(positions, errorsMm);
  const normals = vertexNormals(positions, triangles);
  const width = views.length * heightPx + BAR_PX;
  const data = new Uint8Array(width * heightPx * 3).fill(BACKGROUND);
  for (const [index, yaw] of views.entries()) {
    const angle = (yaw * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const distance = 7 * radius;
    const camera: PinholeCamera = {
      widthPx: heightPx,
      heightPx,
      focalPx: (0.46 * heightPx * distance) / radius,
      principalPointPx: [heightPx / 2, heightPx / 2],
      rotation: [0, angle, 0],
      translationMm: [
        -(cos * centre[0] + sin * centre[2]),
        -centre[1],
        -distance - (-sin * centre[0] + cos * centre[2]),
      ],
    };
    const { triangleIds, barycentrics } = rasterize(
      project(camera, positions),
      triangles,
      heightPx,
      heightPx,
    );
    for (let pixel = 0; pixel < triangleIds.length; pixel++) {
      const id = triangleIds[pixel];
      if (id < 0) continue;
      let value = 0;
      const normal = [0, 0, 0];
      for (let k = 0; k < 3; k++) {
        const v = triangles[id * 3 + k];
        const w = barycentrics[pixel * 3 + k];
        value += w * errorsMm[v];
        for (let c = 0; c < 3; c++) normal[c] += w * normals[v * 3 + c];
      }
      const length = Math.hypot(...normal) || 1;
      const facing = Math.abs(-sin * normal[0] + cos * normal[2]) / length;
      const colour = Number.isNaN(value) ? UNMEASURED : heatColour(value / maxMm);
      const at = (Math.floor(pixel / heightPx) * width + index * heightPx + (pixel % heightPx)) * 3;
      for (let c = 0; c < 3; c++) data[at + c] = colour[c] * (0.55 + 0.45 * facing);
    }
  }
  const [top, bottom] = [Math.round(0.08 * heightPx), Math.round(0.92 * heightPx)];
  for (let row = top; row < bottom; row++) {
    const colour = heatColour(1 - (row - top) / (bottom - top - 1));
    for (let column = width - BAR_PX + 12; column < width - 14; column++)
      for (let c = 0; c < 3; c++) data[(row * width + column) * 3 + c] = colour[c];
  }
  return { width, height: heightPx, channels: 3, data };
}

/** Of what was measured, grown a little; of everything where nothing was. */
function bounds(positions: Float32Array, errors: ArrayLike<number>): { centre: number[]; radius: number } {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const any = Array.prototype.some.call(errors, (error: number) => !Number.isNaN(error));
  for (let v = 0; v * 3 < positions.length; v++) {
    if (any && Number.isNaN(errors[v])) continue;
    for (let c = 0; c < 3; c++) {
      low[c] = Math.min(low[c], positions[v * 3 + c]);
      high[c] = Math.max(high[c], positions[v * 3 + c]);
    }
  }
  const centre = low.map((x, c) => (x + high[c]) / 2);
  return { centre, radius: 0.58 * Math.max(high[1] - low[1], high[0] - low[0], 1e-6) };
}
