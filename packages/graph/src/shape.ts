// Static shapes: broadcasting and the errors that name what was expected and what was received.

/** Static extents, outermost first. A scalar is `[]`. */
export type Shape = readonly number[];

/** A contract on shapes was broken; the message names the operation, what it expected and what it received. */
export class ShapeError extends RangeError {
  override readonly name: string = 'ShapeError';
}

/** `[2,3]`, as it appears in messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** A list of `length` equal numbers. */
export function filled(length: number, value: number): number[] {
  return Array.from({ length }, () => value);
}

/** True if both have the same rank and extents. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** Checks extents given by a user. */
export function checkShape(shape: Shape, what: string): void {
  if (!Array.isArray(shape)) {
    throw new TypeError(
      `${what}: expected a shape such as [2, 3] (a spec is { shape: [2, 3] }), received ${typeof (shape as unknown)}`,
    );
  }
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0) {
      throw new ShapeError(`${what}: expected whole, non-negative extents, received ${formatShape(shape)}`);
    }
  }
}

/** Shape of the elementwise result of two shapes under ONNX's (NumPy's) multidirectional broadcasting. */
export function broadcastShapes(a: Shape, b: Shape, what: string): number[] {
  const rank = Math.max(a.length, b.length);
  const out = filled(rank, 1);
  for (let axis = 1; axis <= rank; axis++) {
    const x = axis <= a.length ? a[a.length - axis] : 1;
    const y = axis <= b.length ? b[b.length - axis] : 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${what}: expected shapes that broadcast, received ${formatShape(a)} and ${formatShape(b)} ` +
          `(${x} against ${y} at axis -${axis})`,
      );
    }
    out[rank - axis] = x === 1 ? y : x;
  }
  return out;
}

/** Axis in `[0, rank)`; negative ones count from the end. */
export function normalizeAxis(axis: number, rank: number, what: string): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw new ShapeError(`${what}: expected an axis in [${-rank}, ${rank - 1}], received ${axis}`);
  }
  return positive;
}

/** Sorted, distinct, non-negative axes; all of them when `axes` is undefined. */
export function normalizeAxes(axes: readonly number[] | undefined, rank: number, what: string): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const out = axes.map((axis) => normalizeAxis(axis, rank, what)).sort((p, q) => p - q);
  if (new Set(out).size !== out.length) {
    throw new ShapeError(`${what}: expected distinct axes, received [${axes.join(',')}]`);
  }
  return out;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = filled(shape.length, 1);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}
