// Cholesky factorisation, triangular and symmetric positive definite systems, batched. ONNX has no such operators, so the
// recurrences are written out: made for the small systems of fitting (n up to about 64; the factor takes six nodes a column,
// triangular systems ten for each doubling of n), not for large ones. Gradients are the closed forms (Murray 2016), made of the
// same operations.
import { arrayFrom } from '../dtype.ts';
import { broadcastShapes, formatShape, ShapeError, type Shape } from '../shape.ts';
import {
  applyOperation,
  expectFloat,
  expectSameDType,
  type LoweringContext,
  type Operation,
  type Tensor,
  type TensorType,
} from '../tensor.ts';
import { add, mul, neg, sub } from './arithmetic.ts';
import { formulas } from './formulas.ts';
import { matmul, swapLast } from './matmul.ts';
import { eye, tril, triu } from './sequences.ts';
import { sumTo } from './shape.ts';

function checkSquare(x: TensorType, what: string): number {
  expectFloat(x, what);
  const n = x.shape.at(-1);
  if (n === undefined || x.shape.at(-2) !== n || n < 1) {
    throw new ShapeError(`${what}: expected square matrices [..,n,n], received ${formatShape(x.shape)}`);
  }
  return n;
}

const swapAttributes = (rank: number) => {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return { perm: { ints: [...axes.slice(0, -2), rank - 1, rank - 2] } };
};

/**
 * Column by column: A <- A - a aᵀ / a_j at full size, so that a step is six nodes (rows and columns that are done become 0 but
 * for rounding, which the mask at the end removes); then all columns are divided by the roots of the pivots.
 */
function emitCholesky(context: LoweringContext, name: string, { shape, dtype }: TensorType): string {
  const rank = shape.length;
  const n = shape[rank - 1];
  const write = formulas(context, dtype);
  const cut = (from: string, j: number, axis: number): string =>
    context.emit('Slice', [from, context.indices([j]), context.indices([j + 1]), context.indices([axis])])[0];
  const columns: string[] = [];
  const pivots: string[] = [];
  let rest = name;
  for (let j = 0; j < n; j++) {
    const column = cut(rest, j, rank - 1);
    const pivot = cut(column, j, rank - 2);
    columns.push(column);
    pivots.push(pivot);
    if (j === n - 1) break;
    const row = write('Div', cut(rest, j, rank - 2), pivot);
    rest = write('Sub', rest, write('Mul', column, row));
  }
  const last = { axis: { i: rank - 1 } };
  const [matrix] = context.emit('Concat', columns, last);
  const roots = write('Sqrt', context.emit('Concat', pivots, last)[0]);
  const mask = Array.from({ length: n * n }, (_, i) => (i % n <= Math.floor(i / n) ? 1 : 0));
  const lower = context.constant(Uint8Array.from(mask), [n, n], 'bool');
  return write('Where', lower, write('Div', matrix, roots), 0);
}

/**
 * The inverse of a lower triangular matrix by doubling: the inverses of neighbouring diagonal blocks A and B and the block C
 * below A give that of [A 0; C B], [A⁻¹ 0; -B⁻¹ C A⁻¹ B⁻¹], for all pairs at once. Ten nodes for each doubling.
 */
function emitLowerInverse(context: LoweringContext, name: string, { shape, dtype }: TensorType): string {
  const rank = shape.length;
  const n = shape[rank - 1];
  const batch = shape.slice(0, -2);
  const write = formulas(context, dtype);
  if (n === 1) return write('Reciprocal', name);
  const whole = 2 ** Math.ceil(Math.log2(n));
  const reshape = (x: string, to: Shape): string =>
    context.emit('Reshape', [x, context.indices([...batch, ...to])])[0];
  const grow = (x: string, rows: number, columns: number, axes: number): string => {
    const pads = Array.from({ length: 2 * axes }, (_, i) =>
      i === 2 * axes - 2 ? rows : i === 2 * axes - 1 ? columns : 0,
    );
    return context.emit('Pad', [x, context.indices(pads)])[0];
  };
  const padded = whole === n ? name : grow(name, whole - n, whole - n, rank);
  const flat = reshape(padded, [whole * whole]);
  const pick = (indices: readonly number[], to: Shape): string => {
    const at = context.constant(arrayFrom('int64', indices), to, 'int64');
    return context.emit('Gather', [flat, at], { axis: { i: rank - 2 } })[0];
  };
  let diagonal = pick(
    Array.from({ length: whole }, (_, i) => i * (whole + 1)),
    [whole, 1, 1],
  );
  if (whole > n) {
    // The border is that of the identity.
    const border = Array.from({ length: whole }, (_, i) => (i < n ? 0 : 1));
    diagonal = write('Add', diagonal, context.constant(arrayFrom(dtype, border), [whole, 1, 1], dtype));
  }
  let inverses = write('Reciprocal', diagonal);
  for (let size = 1; size < whole; size *= 2) {
    const pairs = whole / (2 * size);
    const below = Array.from({ length: pairs * size * size }, (_, i) => {
      const pair = Math.floor(i / (size * size));
      const [row, column] = [Math.floor(i / size) % size, i % size];
      return (pair * 2 * size + size + row) * whole + pair * 2 * size + column;
    });
    const paired = reshape(inverses, [pairs, 2, size, size]);
    const half = (which: number): string => {
      const index = context.constant(arrayFrom('int64', [which]), [], 'int64');
      return context.emit('Gather', [paired, index], { axis: { i: batch.length + 1 } })[0];
    };
    const [first, second] = [half(0), half(1)];
    const product = write('MatMul', second, write('MatMul', pick(below, [pairs, size, size]), first));
    const bottom = context.emit('Concat', [write('Neg', product), second], {
      axis: { i: batch.length + 2 },
    })[0];
    const top = grow(first, 0, size, batch.length + 3);
    [inverses] = context.emit('Concat', [top, bottom], { axis: { i: batch.length + 1 } });
  }
  const complete = reshape(inverses, [whole, whole]);
  if (whole === n) return complete;
  return context.emit('Slice', [
    complete,
    context.indices([0, 0]),
    context.indices([n, n]),
    context.indices([rank - 2, rank - 1]),
  ])[0];
}

/** Lower triangle with half the diagonal: Φ in the adjoint of the factorisation. */
const lowerHalf = (x: Tensor): Tensor =>
  sub(tril(x), mul(mul(x, eye(x.shape[x.rank - 1], { dtype: x.dtype })), 0.5));

const symmetric = (x: Tensor): Tensor => mul(add(x, swapLast(x)), 0.5);

export const choleskyOperation: Operation<null> = {
  name: 'cholesky',
  infer: ([a]) => {
    checkSquare(a, 'cholesky');
    return [a];
  },
  lower: (context, { names: [a], inputs: [type] }) => [emitCholesky(context, a, type)],
  // L⁻ᵀ Φ(Lᵀ ḡ) L⁻¹, made symmetric.
  vjp: ({ outputs: [l], cotangents: [g] }) => {
    if (!g) return [undefined];
    const inner = lowerHalf(matmul(swapLast(l), g));
    const left = triangularSolve(l, inner, { transpose: true });
    const both = swapLast(triangularSolve(l, swapLast(left), { transpose: true }));
    return [symmetric(both)];
  },
};

/**
 * The lower triangular L with L Lᵀ = A for symmetric positive definite matrices A [.., n, n] (made symmetric first; NaN where
 * A is not positive definite). For n up to about 64.
 */
export function cholesky(a: Tensor): Tensor {
  checkSquare(a, 'cholesky');
  return applyOperation(choleskyOperation, [symmetric(a)], null)[0];
}

interface TriangularAttributes {
  readonly lower: boolean;
  readonly transpose: boolean;
}

function solutionShape(a: TensorType, b: TensorType, what: string): Shape {
  const n = checkSquare(a, what);
  expectSameDType(a, b, what);
  if (b.shape.length < 2 || b.shape.at(-2) !== n) {
    throw new ShapeError(
      `${what}: expected right sides [..,${n},m] for ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
    );
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), what);
  return [...batch, ...b.shape.slice(-2)];
}

export const triangularSolveOperation: Operation<TriangularAttributes> = {
  name: 'triangularSolve',
  infer: ([l, b]) => [{ shape: solutionShape(l, b, 'triangularSolve'), dtype: l.dtype }],
  lower: (context, { names: [l, b], inputs: [type], attributes: { lower, transpose } }) => {
    const turn = (x: string): string => context.emit('Transpose', [x], swapAttributes(type.shape.length))[0];
    const inverse = emitLowerInverse(context, lower ? l : turn(l), type);
    return context.emit('MatMul', [lower === transpose ? turn(inverse) : inverse, b]);
  },
  // x = L⁻¹ b: b̄ = L⁻ᵀ x̄, L̄ = -b̄ xᵀ within the triangle; transposed for Lᵀ.
  vjp: ({ inputs: [l, b], outputs: [x], attributes: { lower, transpose }, wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined];
    const right = triangularSolve(l, g, { lower, transpose: !transpose });
    const matrix = (): Tensor => {
      const product = transpose ? matmul(x, swapLast(right)) : matmul(right, swapLast(x));
      return sumTo(neg(lower ? tril(product) : triu(product)), l.shape);
    };
    return [wanted[0] ? matrix() : undefined, wanted[1] ? sumTo(right, b.shape) : undefined];
  },
};

/** Options of `triangularSolve`. */
export interface TriangularSolveOptions {
  /** The matrix is lower triangular (default true); the other triangle is not read. */
  readonly lower?: boolean | undefined;
  /** Solve with the transposed matrix (default false). */
  readonly transpose?: boolean | undefined;
}

/** x with L x = B: triangular L [.., n, n], B [.., n, m]; leading axes broadcast. For n up to about 64. */
export function triangularSolve(
  l: Tensor,
  b: Tensor,
  { lower = true, transpose = false }: TriangularSolveOptions = {},
): Tensor {
  return applyOperation(triangularSolveOperation, [l, b], { lower, transpose })[0];
}

/**
 * x with A x = B for symmetric positive definite A [.., n, n] (made symmetric first) and B [.., n, m]; leading axes broadcast.
 * NaN where A is not positive definite. For n up to about 64.
 */
export function solvePositiveDefinite(a: Tensor, b: Tensor): Tensor {
  solutionShape(a, b, 'solvePositiveDefinite');
  const l = cholesky(a);
  return triangularSolve(l, triangularSolve(l, b), { transpose: true });
}
