// Matrix products.
import { isFloat } from '../../dtype.ts';
import { ImportError } from '../../imported-model.ts';
import { cast } from '../../ops/compare.ts';
import { einsum } from '../../ops/einsum.ts';
import { gemm } from '../../ops/gemm.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape } from '../../ops/shape.ts';
import { det } from '../../ops/small-matrix.ts';
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

const convertGemm: OnnxConverter = (call) => {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const c = call.optionalTensor(2);
  const options = {
    transA: call.int('transA', 0) !== 0,
    transB: call.int('transB', 0) !== 0,
    alpha: call.float('alpha', 1),
    beta: call.float('beta', 1),
  };
  if (isFloat(a.dtype)) return gemm(a, b, c, options);
  const wide = (x: Tensor): Tensor => cast(x, 'float64');
  return cast(gemm(wide(a), wide(b), c && wide(c), options), a.dtype);
};

/** Converters of matrix products. */
export const PRODUCTS: Readonly<Record<string, OnnxConverter>> = {
  MatMul: (call) => matmulAny(call.tensor(0), call.tensor(1)),
  Gemm: convertGemm,
  Einsum: (call) => einsum(call.string('equation'), ...call.tensors()),
  Det: (call) => det(call.tensor(0)),
};
