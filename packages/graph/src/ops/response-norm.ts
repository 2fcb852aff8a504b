// Local response normalisation (Krizhevsky et al. 2012), which old networks still carry.
import { withDefaults } from '../options.ts';
import { formatShape, ShapeError } from '../shape.ts';
import { applyOperation, expectFloat, type Operation, type Tensor } from '../tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { pow } from './extrema.ts';
import { constant } from './input.ts';
import { matmul } from './matmul.ts';
import { reshape } from './shape.ts';
import { square } from './special.ts';

/** Options of `localResponseNorm`. */
export interface LocalResponseNormOptions {
  /** Number of neighbouring channels that are summed. */
  readonly size: number;
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  readonly bias?: number | undefined;
}

/** Defaults of `localResponseNorm`. */
export const LOCAL_RESPONSE_NORM_DEFAULTS: {
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
} = { alpha: 1e-4, beta: 0.75, bias: 1 };

interface LocalResponseNormAttributes {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

/** Sums over each channel's window of x [n, c, ..] as a product with a banded matrix; transposed for the adjoint. */
function windowSums(x: Tensor, size: number, adjoint: boolean): Tensor {
  const [n, channels] = x.shape;
  const before = Math.floor((size - 1) / 2);
  const band = Array.from({ length: channels * channels }, (_, index) => {
    const [row, column] = [Math.floor(index / channels), index % channels];
    const offset = adjoint ? row - column : column - row;
    return offset >= -before && offset < size - before ? 1 : 0;
  });
  const flat = reshape(x, [n, channels, x.size / (n * channels)]);
  return reshape(matmul(constant(band, [channels, channels], x.dtype), flat), x.shape);
}

/** bias + α / size Σ x²: what is raised to the power of β. */
function denominator(x: Tensor, { size, alpha, bias }: LocalResponseNormAttributes): Tensor {
  return add(mul(windowSums(square(x), size, false), alpha / size), bias);
}

export const localResponseNormOperation: Operation<LocalResponseNormAttributes> = {
  name: 'localResponseNorm',
  infer: ([x]) => [x],
  lower: (context, { names, attributes: { size, alpha, beta, bias } }) =>
    context.emit('LRN', names, {
      size: { i: size },
      alpha: { f: alpha },
      beta: { f: beta },
      bias: { f: bias },
    }),
  vjp: ({ inputs: [x], attributes, cotangents: [g] }) => {
    if (!g) return [undefined];
    const { size, alpha, beta } = attributes;
    const s = denominator(x, attributes);
    const direct = mul(g, pow(s, -beta));
    const around = windowSums(mul(mul(g, x), pow(s, -beta - 1)), size, true);
    return [sub(direct, mul(mul(x, around), (2 * alpha * beta) / size))];
  },
};

/** x / (bias + α / size Σ x²)^β, the sum over `size` channels around each. x: [n, c, ..]. */
export function localResponseNorm(x: Tensor, options: LocalResponseNormOptions): Tensor {
  expectFloat(x, 'localResponseNorm');
  const attributes: LocalResponseNormAttributes = withDefaults(LOCAL_RESPONSE_NORM_DEFAULTS, options);
  if (x.rank < 3) {
    throw new ShapeError(`localResponseNorm: expected [n,c,spatial..], received ${formatShape(x.shape)}`);
  }
  if (!Number.isInteger(attributes.size) || attributes.size < 1) {
    throw new RangeError(`localResponseNorm: expected a whole size >= 1, received ${attributes.size}`);
  }
  // The runtime's kernel is float32, for images and odd sizes only.
  if (x.dtype === 'float64' || x.rank !== 4 || attributes.size % 2 === 0) {
    return mul(x, pow(denominator(x, attributes), -attributes.beta));
  }
  return applyOperation(localResponseNormOperation, [x], attributes)[0];
}
