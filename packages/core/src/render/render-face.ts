/**
 * The differentiable picture of a head: project, interpolate, sample, shade. Visibility comes from outside (`rasterInput`, of
 * the vertices that the same camera projected); everything else is computed in the program, so that gradients reach vertices, camera, light and
 * texture. Shading is done in linear RGB per pixel (deferred).
 */
import {
  add,
  cast,
  constant,
  less,
  matmul,
  mul,
  neg,
  reshape,
  rotationFromAxisAngle,
  ShapeError,
  sub,
  transpose,
  type DType,
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
import { barycentricPlanes, inverseDepth, pixelCentres } from './barycentrics.ts';
import { decodeSrgb, encodeSrgb } from './encode-srgb.ts';
import { gatherPlanes, indexColumns } from './gather-planes.ts';
import { blendPlanes } from './interpolate.ts';
import { spreadPixels, type PackedRasterTensors } from './packed-raster.ts';
import type { PictureSize, RasterTensors } from './raster-input.ts';
import { planesOf, splitPlanes } from './planes.ts';
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
  /**
   * From `rasterInput` of this camera's projection; with silhouettes among it, edges are antialiased. Packed (`packRaster`), what nobody
   * sees is not computed, and silhouettes are not antialiased.
   */
  readonly raster: RasterTensors | PackedRasterTensors;
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
  const { positions, triangles, texture, camera, light, raster, size } = options;
  const { width, height } = size;
  const pixels = width * height;
  const { dtype } = positions;
  const projected = projectVertices(positions, camera, options.crop);
  const { corners, chart, centres, facing, used } = shownPixels(options, dtype);

  const [u, v, depth] = planesOf(projected);
  const attributes = [u, v, inverseDepth(depth), ...normalPlanes(positions, triangles)];
  if (light.kind === 'phong') attributes.push(...planesOf(positions));
  const at = gatherPlanes(attributes, corners);
  const barycentrics = barycentricPlanes(at, centres);
  const blend = (channel: number): Tensor => blendPlanes(at, channel, barycentrics);
  const normals = unitPlanes([3, 4, 5].map(blend));
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
  if (facing) lit = mul(lit, add(mul(facing, 1 - INSIDE), INSIDE));
  const encoded = encodeSrgb(lit);
  let covered: Tensor;
  let coverage: Tensor;
  if (isPacked(raster)) {
    // Where an entry stands for the pixel, 1.
    coverage = reshape(cast(less(raster.entries, raster.pixels.size), dtype), [1, pixels]);
    covered = spreadPixels(encoded, raster, used);
  } else {
    coverage = reshape(cast(raster.coverage, dtype), [1, pixels]);
    covered = mul(encoded, coverage);
  }
  const { background = 0 } = options;
  const behind = typeof background === 'number' ? background : reshape(background, [3, pixels]);
  const hard = {
    image: background === 0 ? covered : add(covered, mul(sub(1, coverage), behind)),
    coverage,
  };
  const { silhouettePixels, silhouetteEdges }: Partial<RasterTensors> = isPacked(raster) ? {} : raster;
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

interface ShownPixels {
  /** First, second and third vertices of the triangles, int64 [N] each. */
  readonly corners: readonly Tensor[];
  /** u and v of each corner. */
  readonly chart: readonly (readonly Tensor[])[];
  readonly centres: readonly Tensor[];
  /** [1, N] */
  readonly facing: Tensor | undefined;
  /** [N] 1 where there is something to show. */
  readonly used: Tensor;
}

/** What pixels show, of all of them or of those that show something. */
function shownPixels({ raster, uvs, size }: RenderFaceOptions, dtype: DType): ShownPixels {
  const pixels = size.width * size.height;
  if (isPacked(raster)) {
    const room = raster.pixels.size;
    if (raster.corners.shape.join() !== `3,${room}` || raster.entries.size !== pixels)
      throw new ShapeError(
        `renderFace: expected packed corners [3,${room}] and entries [${pixels}] for ${size.width} x ${size.height} pixels, received [${raster.corners.shape.join(',')}] and [${raster.entries.shape.join(',')}]`,
      );
    const planes = splitPlanes(cast(raster.values, dtype));
    return {
      corners: splitPlanes(cast(raster.corners, 'int64')),
      chart: [0, 2, 4].map((k) => [planes[k], planes[k + 1]]),
      centres: [planes[6], planes[7]],
      facing: reshape(planes[8], [1, room]),
      used: planes[9],
    };
  }
  if (raster.corners.shape.join() !== `${pixels},3`)
    throw new ShapeError(
      `renderFace: expected corners [${pixels},3] for ${size.width} x ${size.height} pixels, received [${raster.corners.shape.join(',')}]`,
    );
  return {
    corners: indexColumns(raster.corners),
    chart: gatherPlanes(
      planesOf(cast(constant(uvs, [uvs.length / 2, 2]), dtype)),
      indexColumns(raster.uvCorners),
    ),
    centres: pixelCentres(size, dtype),
    facing: raster.facing && reshape(cast(raster.facing, dtype), [1, pixels]),
    used: reshape(cast(raster.coverage, dtype), [pixels]),
  };
}

function isPacked(raster: RasterTensors | PackedRasterTensors): raster is PackedRasterTensors {
  return 'entries' in raster;
}

/** [3] the camera's place in the world: -R^T t. */
function cameraCentre(camera: CameraTensors): Tensor {
  const rotation = rotationFromAxisAngle(reshape(camera.rotation, [3]));
  return reshape(neg(matmul(transpose(rotation), reshape(camera.translation, [3, 1]))), [3]);
}
