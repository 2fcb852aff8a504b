/**
 * Attributes as planes: one tensor [N] a channel, in place of rows [N, C]. ONNX Runtime moves transposes about, and an operation
 * over an innermost axis of three costs it five to fifty times as much as over one long vector; vectors of rank 1
 * leave it nothing to move (a render with gradient: 70 ms of rows, see docs/decisions/renderer.md).
 */
import { concat, customVjp, reshape, sliceAxis, transpose, type Tensor } from '@likeness/graph';

/** [C, N] cut into C planes [N]. Its adjoint joins them at once, where that of C slices would pad and add each. */
export function splitPlanes(stacked: Tensor): readonly Tensor[] {
  const [channels, length] = stacked.shape;
  const cut = customVjp(
    (x: Tensor) => {
      // Cut as one vector: rows would be cut by ONNX Runtime before a transpose that made them, which takes four times as long.
      const flat = reshape(x, [channels * length]);
      return Array.from({ length: channels }, (_, c) => sliceAxis(flat, 0, c * length, (c + 1) * length));
    },
    ({ cotangents }) => [reshape(concat(cotangents, 0), [channels, length])],
  );
  return cut(stacked);
}

/** Planes [N] one after the other: [C, N]. */
export function joinPlanes(planes: readonly Tensor[]): Tensor {
  return reshape(concat(planes, 0), [planes.length, planes[0].size]);
}

/** Rows [N, C] as planes. */
export function planesOf(rows: Tensor): readonly Tensor[] {
  return splitPlanes(transpose(rows));
}

/** Planes as rows [N, C]. */
export function rowsOf(planes: readonly Tensor[]): Tensor {
  return transpose(joinPlanes(planes));
}
