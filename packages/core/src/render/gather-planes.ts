/**
 * Reads attributes at indices, plane by plane, and adds their adjoints back as rows: ONNX Runtime's GatherElements reads a vector five
 * times as fast as its Gather reads rows, but rows are what it adds fastest (docs/decisions/renderer.md).
 */
import {
  add,
  cast,
  customVjp,
  gatherElements,
  reshape,
  scatterAdd,
  stopGradient,
  transpose,
  zeros,
  type Tensor,
} from '@likeness/graph';
import { joinPlanes, planesOf, rowsOf, splitPlanes } from './planes.ts';

/** Index vectors [M], int64, as `gatherPlanes` takes them: those of a matrix of indices [M, K], one for each column. */
export function indexColumns(indices: Tensor): readonly Tensor[] {
  return splitPlanes(transpose(cast(indices, 'int64')));
}

/**
 * @param planes C vectors [N]
 * @param indices K vectors [M], int64
 * @returns `found[k][c]`: the vector [M] of planes[c] at indices[k]
 */
export function gatherPlanes(
  planes: readonly Tensor[],
  indices: readonly Tensor[],
): readonly (readonly Tensor[])[] {
  const channels = planes.length;
  const read = customVjp(
    (...inputs: readonly Tensor[]) => readAll(inputs.slice(0, channels), inputs.slice(channels)),
    ({ inputs, cotangents }) => {
      const [{ size, dtype }] = inputs;
      const sums = addRows(zeros([size, channels], dtype), inputs.slice(channels), cotangents);
      return [...planesOf(sums), ...indices.map(() => undefined)];
    },
  );
  return byIndex(read(...planes, ...indices), channels);
}

/**
 * The adjoint: each plane [M] added at each of the index vectors.
 *
 * @param planes C vectors [M]
 * @param indices K vectors [M], int64
 * @param count length of the result
 * @returns C vectors [count]
 */
export function addPlanes(
  planes: readonly Tensor[],
  indices: readonly Tensor[],
  count: number,
): readonly Tensor[] {
  const channels = planes.length;
  const sums = customVjp(
    (...inputs: readonly Tensor[]) => {
      const rows = rowsOf(inputs.slice(0, channels));
      const start = zeros([count, channels], rows.dtype);
      return planesOf(inputs.slice(channels).reduce((sum, at) => scatterAdd(sum, at, rows), start));
    },
    ({ inputs, cotangents }) => {
      const found = byIndex(readAll(cotangents, inputs.slice(channels)), channels);
      const parts = planes.map((_, c) => found.map((read) => read[c]).reduce((a, b) => add(a, b)));
      return [...parts, ...indices.map(() => undefined)];
    },
  );
  return sums(...planes, ...indices);
}

/**
 * `gatherPlanes` from an image [1, C, h, w] that several pictures read: their adjoints are added to the same rows.
 *
 * @returns `found[k][c]`
 */
export function gatherTexels(image: Tensor, indices: readonly Tensor[]): readonly (readonly Tensor[])[] {
  const { planes, rows } = texelsOf(image);
  const read = customVjp(
    (_rows: Tensor, ...at: readonly Tensor[]) => readAll(planes, at),
    ({ inputs: [target, ...at], cotangents }) => [
      addRows(zeros(target.shape, target.dtype), at, cotangents),
      ...at.map(() => undefined),
    ],
  ) as (...inputs: readonly Tensor[]) => readonly Tensor[];
  return byIndex(read(rows, ...indices), planes.length);
}

interface Texels {
  /** C vectors [h*w], without a gradient. */
  readonly planes: readonly Tensor[];
  /** [h*w, C]: stands for the image in derivatives. Its values are the image's in another order and must not be read. */
  readonly rows: Tensor;
}

const texels = new WeakMap<Tensor, Texels>();

function texelsOf(image: Tensor): Texels {
  const known = texels.get(image);
  if (known) return known;
  const [, channels, height, width] = image.shape;
  const count = height * width;
  const found: Texels = {
    planes: splitPlanes(reshape(stopGradient(image), [channels, count])),
    rows: customVjp(
      (x: Tensor) => reshape(x, [count, channels]),
      // Cut into planes and joined: ONNX Runtime would else move the transpose behind the reshape, where it takes 8 times as long.
      ({ cotangents: [g] }) => [reshape(joinPlanes(planesOf(g)), image.shape)],
    )(image),
  };
  texels.set(image, found);
  return found;
}

function readAll(planes: readonly Tensor[], indices: readonly Tensor[]): readonly Tensor[] {
  return indices.flatMap((at) => planes.map((plane) => gatherElements(plane, at)));
}

function byIndex(found: readonly Tensor[], channels: number): readonly (readonly Tensor[])[] {
  return Array.from({ length: found.length / channels }, (_, k) =>
    found.slice(k * channels, (k + 1) * channels),
  );
}

/** Adds the planes found[k * C + c] to column c of `rows` [N, C] at indices[k]. */
function addRows(rows: Tensor, indices: readonly Tensor[], found: readonly Tensor[]): Tensor {
  return byIndex(found, rows.shape[1]).reduce(
    (sum, planes, k) => scatterAdd(sum, indices[k], rowsOf(planes)),
    rows,
  );
}
