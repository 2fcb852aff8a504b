// alpha A' B' + beta C as one node, so that the runtime's matrix product adds the bias itself.
import { withDefaults } from '../options.ts';
import { broadcastShapes, formatShape, sameShape, ShapeError } from '../shape.ts';
import { applyOperation, expectFloat, expectSameDType, type Operation, type Tensor } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { matmul, swapLast } from './matmul.ts';
import { full } from './sequences.ts';
import { sumTo } from './shape.ts';

/** Options of `gemm`. */
export interface GemmOptions {
  /** Use A transposed: A is then [k, m]. */
  readonly transA?: boolean | undefined;
  /** Use B transposed: B is then [n, k]. */
  readonly transB?: boolean | undefined;
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
}

/** Defaults of `gemm`. */
export const GEMM_DEFAULTS: {
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
  readonly beta: number;
} = { transA: false, transB: false, alpha: 1, beta: 1 };

type GemmAttributes = typeof GEMM_DEFAULTS;

export const gemmOperation: Operation<GemmAttributes> = {
  name: 'gemm',
  infer: ([a, b, c], { transA, transB }) => {
    expectFloat(a, 'gemm');
    expectSameDType(a, b, 'gemm');
    const [m, k] = transA ? a.shape.toReversed() : a.shape;
    const [rows, n] = transB ? b.shape.toReversed() : b.shape;
    if (a.shape.length !== 2 || b.shape.length !== 2 || k !== rows) {
      throw new ShapeError(
        `gemm: expected A ${transA ? '[k,m]' : '[m,k]'} and B ${transB ? '[n,k]' : '[k,n]'}, ` +
          `received ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    if (c) {
      expectSameDType(a, c, 'gemm');
      if (!sameShape(broadcastShapes(c.shape, [m, n], 'gemm'), [m, n])) {
        throw new ShapeError(
          `gemm: expected C that broadcasts to [${m},${n}], received ${formatShape(c.shape)}`,
        );
      }
    }
    return [{ shape: [m, n], dtype: a.dtype }];
  },
  lower: (context, { names, attributes: { transA, transB, alpha, beta } }) =>
    context.emit('Gemm', names, {
      transA: { i: transA ? 1 : 0 },
      transB: { i: transB ? 1 : 0 },
      alpha: { f: alpha },
      beta: { f: beta },
    }),
  vjp: ({ inputs: [a, b, c], attributes, wanted, cotangents: [g] }) => {
    if (!g) return [];
    const { transA, transB, alpha, beta } = attributes;
    const ofA = (): Tensor =>
      transA
        ? gemm(b, g, undefined, { transA: transB, transB: true, alpha })
        : gemm(g, b, undefined, { transB: !transB, alpha });
    const ofB = (): Tensor =>
      transB
        ? gemm(g, a, undefined, { transA: true, transB: transA, alpha })
        : gemm(a, g, undefined, { transA: !transA, alpha });
    return [
      wanted[0] ? ofA() : undefined,
      wanted[1] ? ofB() : undefined,
      ...(c ? [wanted[2] ? mul(sumTo(g, c.shape), beta) : undefined] : []),
    ];
  },
};

/** alpha A' B' + beta C for matrices: A' [m, k], B' [k, n], C broadcasts to [m, n]; ' is the transpose if asked for. */
export function gemm(a: Tensor, b: Tensor, c?: Tensor, options: GemmOptions = {}): Tensor {
  const attributes = withDefaults(GEMM_DEFAULTS, options);
  const { transA, transB, alpha, beta } = attributes;
  if (a.dtype === 'float64' && (Math.fround(alpha) !== alpha || Math.fround(beta) !== beta)) {
    // ONNX's attributes are float32, too coarse for these factors. As vectors: the runtime would fuse a scalar factor into
    // the product, as an attribute again.
    const product = matmul(transA ? swapLast(a) : a, transB ? swapLast(b) : b);
    const scaled = mul(product, full([product.shape[1]], alpha, a.dtype));
    return c ? add(scaled, mul(c, beta)) : scaled;
  }
  return applyOperation(gemmOperation, c ? [a, b, c] : [a, b], attributes)[0];
}
