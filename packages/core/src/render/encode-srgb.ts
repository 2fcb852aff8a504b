/**
 * sRGB <-> linear RGB (IEC 61966-2-1) inside a differentiable program. Powers are taken as exp(p log x), which costs the runtime half of
 * its `Pow`, and each way has a gradient made of its result, without a second power.
 */
import {
  add,
  customVjp,
  div,
  exp,
  greater,
  log,
  maximum,
  mul,
  sub,
  where,
  type Tensor,
} from '@likeness/graph';

/** Where the straight piece ends, encoded and linear. */
const ENCODED_TOE = 0.04045;
const LINEAR_TOE = 0.0031308;

const power = (x: Tensor, exponent: number): Tensor => exp(mul(log(x), exponent));

/** Encoded values to linear light; the straight piece goes on below 0, the curve above 1. */
export const decodeSrgb: (encoded: Tensor) => Tensor = customVjp(
  (encoded: Tensor): Tensor => {
    const curve = power(mul(add(maximum(encoded, ENCODED_TOE), 0.055), 1 / 1.055), 2.4);
    return where(greater(encoded, ENCODED_TOE), curve, mul(encoded, 1 / 12.92));
  },
  ({ inputs: [encoded], outputs: [linear], cotangents: [g] }) => {
    // ((x + a) / (1 + a))^p has the derivative p y / (x + a).
    const slope = div(mul(linear, 2.4), add(maximum(encoded, ENCODED_TOE), 0.055));
    return [mul(g, where(greater(encoded, ENCODED_TOE), slope, 1 / 12.92))];
  },
);

/** Linear light to encoded values; the straight piece goes on below 0, the curve above 1. */
export const encodeSrgb: (linear: Tensor) => Tensor = customVjp(
  (linear: Tensor): Tensor => {
    const curve = sub(mul(power(maximum(linear, LINEAR_TOE), 1 / 2.4), 1.055), 0.055);
    return where(greater(linear, LINEAR_TOE), curve, mul(linear, 12.92));
  },
  ({ inputs: [linear], outputs: [encoded], cotangents: [g] }) => {
    // (1 + a) x^p - a has the derivative p (y + a) / x.
    const slope = div(mul(add(encoded, 0.055), 1 / 2.4), maximum(linear, LINEAR_TOE));
    return [mul(g, where(greater(linear, LINEAR_TOE), slope, 12.92))];
  },
);
