// Window functions of signal processing, as constants: sums of cosines over a known length.
import { arrayFrom } from '../../dtype.ts';
import { constant } from '../../ops/input.ts';
import type { OnnxConverter } from '../call.ts';
import { hostSize } from './shape.ts';

/** Σ (-1)^k a_k cos(2 π k i / length), over the length (periodic) or one less (symmetric). */
const cosines =
  (coefficients: readonly number[]): OnnxConverter =>
  (call) => {
    const size = hostSize(call.number(0, 'the size'), 'a window');
    const dtype = call.dtype('output_datatype', 1);
    const length = call.int('periodic', 1) === 1 ? size : size - 1;
    const values = Array.from({ length: size }, (_, i) =>
      coefficients.reduce(
        (total, a, k) => total + (k % 2 === 0 ? a : -a) * Math.cos((2 * Math.PI * k * i) / length),
        0,
      ),
    );
    return constant(arrayFrom(dtype, values), [size], dtype);
  };

/** Converters of window functions. */
export const WINDOWS: Readonly<Record<string, OnnxConverter>> = {
  HannWindow: cosines([0.5, 0.5]),
  // ONNX's reference has 25/46, to the float32.
  HammingWindow: cosines([25 / 46, 21 / 46]),
  BlackmanWindow: cosines([0.42, 0.5, 0.08]),
};
