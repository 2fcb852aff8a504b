// Matrix products.
import { isFloat } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { add, mul } from '../../ops/arithmetic.ts';
import { cast } from '../../ops/compare.ts';
import { matmul, swapLast } from '../../ops/matmul.ts';
import { reshape } from '../../ops/shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { OnnxConverter } from '../call.ts';

/** As NumPy: a vector is a row on the left and a column on the right, and its axis goes again. */
function matmulAny(a: Tensor, b: Tensor): Tensor {
  if (!isFloat(a.dtype)) return cast(matmulAny(cast(a, 'float64'), cast(b, 'float64')), a.dtype);
  if (a.rank === 0 || b.rank === 0) throw new ImportError('expected vectors or matrices, received a scalar');
  const left = a.rank === 1 ? reshape(a, [1, a.size]) : a;
  const right = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
  const y = matmul(left, right);
  const shape = [...y.shape];
  if (b.rank === 1) shape.pop();
  if (a.rank === 1) shape.splice(b.rank === 1 ? -1 : -2, 1);
  return reshape(y, shape);
}

/** α A B + β C. */
const convertGemm: OnnxConverter = (call) => {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const c = call.optionalTensor(2);
  const left = call.int('transA', 0) === 1 ? swapLast(a) : a;
  const right = call.int('transB', 0) === 1 ? swapLast(b) : b;
  const alpha = call.float('alpha', 1);
  const beta = call.float('beta', 1);
  const product = matmulAny(left, right);
  const scaled = alpha === 1 ? product : mul(product, alpha);
  if (!c || beta === 0) return scaled;
  return add(scaled, beta === 1 ? c : mul(c, beta));
};

/** Converters of matrix products. */
export const PRODUCTS: Readonly<Record<string, OnnxConverter>> = {
  MatMul: (call) => matmulAny(call.tensor(0), call.tensor(1)),
  Gemm: convertGemm,
};
