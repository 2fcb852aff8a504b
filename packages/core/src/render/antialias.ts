/**
 * Silhouettes with a gradient (Laine et al. 2020, nvdiffrast, section 3.4): whether a pixel shows a surface is a step, but how far the
 * surface's edge lies between two pixel centres is not. With d in 0..1 the place of the edge on the way from the pixel that shows the surface to its
 * neighbour:
 *
 *   d < 1/2: the edge passes through the surface's own pixel, which takes (1/2 - d) of its neighbour's colour;
 *   d > 1/2: it passes through the neighbour, which takes (d - 1/2) of the surface's.
 *
 * So an edge that moves changes the picture, and losses on it move the edge: vertices and camera get the gradient that the interior of
 * a surface cannot give.
 */
import {
  add,
  cast,
  clip,
  concat,
  div,
  equal,
  floor,
  gather,
  mul,
  relu,
  reshape,
  scatterAdd,
  ShapeError,
  sliceAxis,
  sub,
  transpose,
  where,
  zeros,
  type Tensor,
} from '@likeness/graph';
import { decodeSrgb, encodeSrgb } from './encode-srgb.ts';
import { splitPlanes } from './planes.ts';
import type { PictureSize } from './raster-input.ts';

/** `findSilhouette`'s arrays as tensors. */
export interface SilhouetteTensors {
  /** int32 [K, 2] */
  readonly silhouettePixels: Tensor;
  /** int32 [K, 2] */
  readonly silhouetteEdges: Tensor;
}

/** A picture and what of each pixel the surface covers. */
export interface AntialiasedPicture {
  /** [3, P] */
  readonly image: Tensor;
  /** [1, P] */
  readonly coverage: Tensor;
}

/**
 * @param picture sRGB-encoded planes [3, P] with the background in place, and coverage [1, P], 0 or 1; mixed in linear light
 * @param projected [V, 3] u, v in pixels, depth
 */
export function antialias(
  { image, coverage }: AntialiasedPicture,
  projected: Tensor,
  { silhouettePixels, silhouetteEdges }: SilhouetteTensors,
  { width, height }: PictureSize,
): AntialiasedPicture {
  const pixels = width * height;
  if (image.shape.join() !== `3,${pixels}` || coverage.shape.join() !== `1,${pixels}`)
    throw new ShapeError(
      `antialias: expected an image [3,${pixels}] and coverage [1,${pixels}], received [${image.shape.join(',')}] and [${coverage.shape.join(',')}]`,
    );
  const count = silhouettePixels.shape[0];
  const { dtype } = image;
  const pixelIds = [0, 1].map((k) => reshape(sliceAxis(silhouettePixels, 1, k, k + 1), [count]));
  const centres = pixelIds.map((ids) => {
    const index = cast(ids, dtype);
    const row = floor(div(add(index, 0.5), width));
    return [add(sub(index, mul(row, width)), 0.5), add(row, 0.5)];
  });
  const ends = splitPlanes(transpose(reshape(gather(projected, silhouetteEdges), [count, 6])));
  const [ax, ay, , bx, by] = ends;
  const [edgeX, edgeY] = [sub(bx, ax), sub(by, ay)];
  const [x, y] = centres[0];
  const [wayX, wayY] = [sub(centres[1][0], x), sub(centres[1][1], y)];
  const across = sub(mul(wayX, edgeY), mul(wayY, edgeX));
  const reach = sub(mul(sub(ax, x), edgeY), mul(sub(ay, y), edgeX));
  // Entries that are not in use have no edge.
  const empty = equal(across, 0);
  const at = clip(where(empty, 0.5, div(reach, where(empty, 1, across))), 0, 1);
  const given = reshape(relu(sub(0.5, at)), [1, count]);
  const taken = reshape(relu(sub(at, 0.5)), [1, count]);

  const pair = pixelIds.map((ids) => gather(concat([image, coverage], 0), ids, 1));
  const mix = (from: Tensor, to: Tensor, share: Tensor): Tensor => {
    const [own, other] = [from, to].map((planes) => decodeSrgb(sliceAxis(planes, 0, 0, 3)));
    const colour = sub(encodeSrgb(add(own, mul(sub(other, own), share))), encodeSrgb(own));
    const cover = mul(sub(sliceAxis(to, 0, 3, 4), sliceAxis(from, 0, 3, 4)), share);
    return concat([colour, cover], 0);
  };
  const changes = concat([mix(pair[0], pair[1], given), mix(pair[1], pair[0], taken)], 1);
  const sums = scatterAdd(zeros([pixels, 4], dtype), cast(concat(pixelIds, 0), 'int64'), transpose(changes));
  const change = transpose(sums);
  return {
    image: add(image, sliceAxis(change, 0, 0, 3)),
    coverage: add(coverage, sliceAxis(change, 0, 3, 4)),
  };
}
