/** sRGB <-> linear RGB (IEC 61966-2-1) inside a differentiable program, each way with a gradient that needs no second power. */
import { add, div, greater, maximum, mul, pow, sub, where, type Tensor } from '@likeness/graph';

/** Encoded values to linear light; the straight piece goes on below 0, the curve above 1. */
export function decodeSrgb(encoded: Tensor): Tensor {
  const curve = pow(div(add(maximum(encoded, 0.04045), 0.055), 1.055), 2.4);
  return where(greater(encoded, 0.04045), curve, div(encoded, 12.92));
}

/** Linear light to encoded values; the straight piece goes on below 0, the curve above 1. */
export function encodeSrgb(linear: Tensor): Tensor {
  const curve = sub(mul(pow(maximum(linear, 0.0031308), 1 / 2.4), 1.055), 0.055);
  return where(greater(linear, 0.0031308), curve, mul(linear, 12.92));
}
