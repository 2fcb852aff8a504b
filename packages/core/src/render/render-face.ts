/**
 * The differentiable picture of a head: project, interpolate, sample, shade. Visibility comes from outside (`rasterInput`, of
 * the vertices that the same camera projected); everything else is computed in the program, so that gradients reach vertices, camera, light and
 * texture. Shading is done in linear RGB per pixel (deferred).
 */
import {
  add,
  cast,
  constant,
  matmul,
  mul,
  neg,
  reshape,
  rotationFromAxisAngle,
  ShapeError,
  sub,
  transpose,
  type Tensor,
} from '@likeness/graph';
import { projectVertices, type CameraTensors } from '../camera/index.ts';
import {
  shadeHarmonicsPlanes,
  shadePhongPlanes,
  type PhongLight,
  type PhongOptions,
} from '../lighting/index.ts';
import { antialias } from './antialias.ts';
import { barycentricPlanes, cornerPlanes, inverseDepth } from './barycentrics.ts';
import { decodeSrgb, encodeSrgb } from './encode-srgb.ts';
import { blendPlanes } from './interpolate.ts';
import type { PictureSize, RasterTensors } from './raster-input.ts';
import { planesOf, rowsOf } from './planes.ts';
import { samplePlanes } from './sample-texture.ts';
import { unitPlanes } from './unit-planes.ts';
import { normalPlanes } from './vertex-normals.ts';

/** Spherical harmonics [3, 9], or Phong's point light; both in the world frame. */
export type FaceLight =
  | { readonly kind: 'harmonics'; readonly coefficients: Tensor }
  | ({ readonly kind: 'phong' } & PhongLight & PhongOptions);

/** What `renderFace` needs. */
export interface RenderFaceOptions {
  /** [V, 3] world millimetres. */
  readonly positions: Tensor;
  /** [T, 3] counter-clockwise from outside: all triangles that the normals are made of. */
  readonly triangles: Uint32Array;
  /** [U, 2] in 0..1, origin top left. */
  readonly uvs: Float32Array;
  /** [1, 3, S, S] sRGB-encoded 0..1 in the chart of `uvs`. */
  readonly texture: Tensor;
  readonly camera: CameraTensors;
  /** [2, 3] affine map from photo pixels to the pixels of this picture. */
  readonly crop: Tensor;
  readonly light: FaceLight;
  /** From `rasterInput` of this camera's projection; with silhouettes among it, edges are antialiased. */
  readonly raster: RasterTensors;
  readonly size: PictureSize;
  /** Mip level of the texture (default 0). */
  readonly level?: number | undefined;
  /** What is behind, sRGB-encoded: one value for all, or [1, 3, H, W] (default 0). */
  readonly background?: number | Tensor | undefined;
}

/** A rendered head. */
export interface RenderedFace {
  /** [1, 3, H, W] sRGB-encoded; 0..1, above 1 where the light is too strong (not clipped, so that gradients stay). */
  readonly image: Tensor;
  /** [1, 1, H, W] 1 where the head is; in between, with a gradient, at antialiased silhouettes. */
  readonly coverage: Tensor;
  /** [V, 3] u, v in pixels of this picture, depth in mm. */
  readonly projected: Tensor;
}

/** Light that reaches the inside of a head through mouth and neck, relative to the outside; as in `renderHead`. */
const INSIDE = 0.12;

/** Renders a head into a program. Call it several times in one program for several views. */
export function renderFace(options: RenderFaceOptions): RenderedFace {
  const { positions, triangles, uvs, texture, camera, light, raster, size } = options;
  const { width, height } = size;
  const pixels = width * height;
  if (raster.corners.shape.join() !== `${pixels},3`)
    throw new ShapeError(
      `renderFace: expected corners [${pixels},3] for ${width} x ${height} pixels, received [${raster.corners.shape.join(',')}]`,
    );
  const { dtype } = positions;
  const projected = projectVertices(positions, camera, options.crop);
  const coverage = reshape(cast(raster.coverage, dtype), [1, pixels]);

  // Everything that is interpolated over the same corners is gathered at once: a row of nine costs no more than a row of three.
  const [u, v, depth] = planesOf(projected);
  const attributes = [u, v, inverseDepth(depth), ...normalPlanes(positions, triangles)];
  if (light.kind === 'phong') attributes.push(...planesOf(positions));
  const at = cornerPlanes(rowsOf(attributes), raster.corners);
  const barycentrics = barycentricPlanes(at, size);
  const blend = (channel: number): Tensor => blendPlanes(at, channel, barycentrics);
  const normals = unitPlanes([3, 4, 5].map(blend));
  const chart = cornerPlanes(cast(constant(uvs, [uvs.length / 2, 2]), dtype), raster.uvCorners);
  const uv = [0, 1].map((channel) => blendPlanes(chart, channel, barycentrics));
  const sampled = samplePlanes(texture, uv[0], uv[1], { level: options.level });
  const albedo = decodeSrgb(sampled);

  let lit: Tensor;
  if (light.kind === 'harmonics') {
    lit = mul(albedo, shadeHarmonicsPlanes(normals, light.coefficients));
  } else {
    const shading = shadePhongPlanes(normals, [6, 7, 8].map(blend), cameraCentre(camera), light, light);
    lit = add(mul(albedo, shading.diffuse), shading.highlight);
  }
  if (raster.facing) {
    const facing = reshape(cast(raster.facing, dtype), [1, pixels]);
    lit = mul(lit, add(mul(facing, 1 - INSIDE), INSIDE));
  }
  const covered = mul(encodeSrgb(lit), coverage);
  const { background = 0 } = options;
  const behind = typeof background === 'number' ? background : reshape(background, [3, pixels]);
  const hard = {
    image: background === 0 ? covered : add(covered, mul(sub(1, coverage), behind)),
    coverage,
  };
  const { silhouettePixels, silhouetteEdges } = raster;
  const picture =
    silhouettePixels && silhouetteEdges
      ? antialias(hard, projected, { silhouettePixels, silhouetteEdges }, size)
      : hard;
  return {
    image: reshape(picture.image, [1, 3, height, width]),
    coverage: reshape(picture.coverage, [1, 1, height, width]),
    projected,
  };
}

/** [3] the camera's place in the world: -R^T t. */
function cameraCentre(camera: CameraTensors): Tensor {
  const rotation = rotationFromAxisAngle(reshape(camera.rotation, [3]));
  return reshape(neg(matmul(transpose(rotation), reshape(camera.translation, [3, 1]))), [3]);
}
