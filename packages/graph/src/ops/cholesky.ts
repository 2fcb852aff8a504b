// Cholesky factorisation, triangular and symmetric positive definite systems, batched. ONNX has no such operators, so the
// recurrences are written out, one step a row: made for the small systems of fitting (n up to about 64; some ten nodes a
// row), not for large ones. Gradients are the closed forms (Murray 2016), made of the same operations.
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

/** Rows `top` to `bottom` and columns `left` to `right` of matrices; undefined bounds are the ends. */
function block(
  context: LoweringContext,
  name: string,
  rank: number,
  rows: readonly [number, number],
  columns?: readonly [number, number],
): string {
  const ranges = columns ? [rows, columns] : [rows];
  const axes = columns ? [rank - 2, rank - 1] : [rank - 2];
  return context.emit('Slice', [
    name,
    context.indices(ranges.map(([start]) => start)),
    context.indices(ranges.map(([, end]) => end)),
    context.indices(axes),
  ])[0];
}

const swapAttributes = (rank: number) => {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return { perm: { ints: [...axes.slice(0, -2), rank - 1, rank - 2] } };
};

/** Column by column: l = a / √a₀, then the rest less l lᵀ. */
function emitCholesky(context: LoweringContext, name: string, { shape, dtype }: TensorType): string {
  const rank = shape.length;
  const n = shape[rank - 1];
  const write = formulas(context, dtype);
  const columns: string[] = [];
  let rest = name;
  for (let j = 0; j < n; j++) {
    const size = n - j;
    const column = block(context, rest, rank, [0, size], [0, 1]);
    const pivot = write('Sqrt', block(context, column, rank, [0, 1]));
    const l = write('Div', column, pivot);
    const pads = Array.from({ length: 2 * rank }, (_, axis) => (axis === rank - 2 ? j : 0));
    columns.push(j === 0 ? l : context.emit('Pad', [l, context.indices(pads)])[0]);
    if (size === 1) break;
    const below = block(context, l, rank, [1, size]);
    const [across] = context.emit('Transpose', [below], swapAttributes(rank));
    const corner = block(context, rest, rank, [1, size], [1, size]);
    rest = write('Sub', corner, write('Mul', below, across));
  }
  return context.emit('Concat', columns, { axis: { i: rank - 1 } })[0];
}

/** Row by row: x = b / l, then the rest less the column times x. */
function emitTriangularSolve(
  context: LoweringContext,
  matrix: string,
  right: string,
  type: TensorType,
  rightRank: number,
  lower: boolean,
): string {
  const rank = type.shape.length;
  const n = type.shape[rank - 1];
  const write = formulas(context, type.dtype);
  const solution: string[] = Array.from({ length: n }, () => '');
  let rest = right;
  let restRank = rightRank;
  for (let step = 0; step < n; step++) {
    const i = lower ? step : n - 1 - step;
    const left = n - step;
    const row = block(context, rest, restRank, lower ? [0, 1] : [left - 1, left]);
    const x = write('Div', row, block(context, matrix, rank, [i, i + 1], [i, i + 1]));
    solution[i] = x;
    if (left === 1) break;
    const column = block(context, matrix, rank, lower ? [i + 1, n] : [0, i], [i, i + 1]);
    const remaining = block(context, rest, restRank, lower ? [1, left] : [0, left - 1]);
    rest = write('Sub', remaining, write('Mul', column, x));
    restRank = Math.max(rank, rightRank);
  }
  return context.emit('Concat', solution, { axis: { i: -2 } })[0];
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
  lower: (context, { names: [l, b], inputs: [type, right], attributes: { lower, transpose } }) => {
    const [matrix] = transpose ? context.emit('Transpose', [l], swapAttributes(type.shape.length)) : [l];
    return [emitTriangularSolve(context, matrix, b, type, right.shape.length, lower !== transpose)];
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

export const solvePositiveDefiniteOperation: Operation<null> = {
  name: 'solvePositiveDefinite',
  infer: ([a, b]) => [{ shape: solutionShape(a, b, 'solvePositiveDefinite'), dtype: a.dtype }],
  lower: (context, { names: [a, b], inputs: [type, right], outputs: [x] }) => {
    const l = emitCholesky(context, a, type);
    const [upper] = context.emit('Transpose', [l], swapAttributes(type.shape.length));
    const half = emitTriangularSolve(context, l, b, type, right.shape.length, true);
    return [emitTriangularSolve(context, upper, half, type, x.shape.length, false)];
  },
  // b̄ = A⁻¹ x̄ and Ā = -b̄ xᵀ, made symmetric.
  vjp: ({ inputs: [a, b], outputs: [x], wanted, cotangents: [g] }) => {
    if (!g) return [undefined, undefined];
    const [right] = applyOperation(solvePositiveDefiniteOperation, [a, g], null);
    return [
      wanted[0] ? sumTo(neg(symmetric(matmul(right, swapLast(x)))), a.shape) : undefined,
      wanted[1] ? sumTo(right, b.shape) : undefined,
    ];
  },
};

/**
 * x with A x = B for symmetric positive definite A [.., n, n] (made symmetric first) and B [.., n, m]; leading axes broadcast.
 * NaN where A is not positive definite. For n up to about 64.
 */
export function solvePositiveDefinite(a: Tensor, b: Tensor): Tensor {
  checkSquare(a, 'solvePositiveDefinite');
  return applyOperation(solvePositiveDefiniteOperation, [symmetric(a), b], null)[0];
}
