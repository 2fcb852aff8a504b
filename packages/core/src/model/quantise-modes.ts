/**
 * Displacement modes as int16 with one scale a mode: half the bytes of float32, with an error far below what a scan
 * resolves (at most the mode's largest displacement / 65534).
 */

export interface QuantisedModes {
  /** [K] mm per step. */
  readonly scales: Float32Array;
  /** [K, N] */
  readonly values: Int16Array;
  /** Largest |original - dequantised|, mm. */
  readonly maxErrorMm: number;
}

const STEPS = 32767;
/** A mode smaller than this is stored as none: its scale would leave float32's normal range. */
const NOTHING_MM = 1e-20;

/** @param modes [K, N] row-major, K = `count` */
export function quantiseModes(modes: Float32Array, count: number): QuantisedModes {
  const size = count === 0 ? 0 : modes.length / count;
  const scales = new Float32Array(count);
  const values = new Int16Array(modes.length);
  let maxErrorMm = 0;
  for (let k = 0; k < count; k++) {
    let largest = 0;
    for (let i = k * size; i < (k + 1) * size; i++) {
      const magnitude = Math.abs(modes[i]);
      if (!(magnitude <= Number.MAX_VALUE))
        throw new RangeError(`quantiseModes: mode ${k} holds ${modes[i]}.`);
      if (magnitude > largest) largest = magnitude;
    }
    if (largest < NOTHING_MM) {
      maxErrorMm = Math.max(maxErrorMm, largest);
      continue;
    }
    const scale = Math.fround(largest / STEPS);
    scales[k] = scale;
    for (let i = k * size; i < (k + 1) * size; i++) {
      const q = Math.round(modes[i] / scale);
      values[i] = q;
      const error = Math.abs(Math.fround(q * scale) - modes[i]);
      if (error > maxErrorMm) maxErrorMm = error;
    }
  }
  return { scales, values, maxErrorMm };
}

/** @returns [K, N] mm */
export function dequantiseModes(scales: Float32Array, values: Int16Array): Float32Array {
  const out = new Float32Array(values.length);
  const size = scales.length === 0 ? 0 : values.length / scales.length;
  for (let k = 0; k < scales.length; k++) {
    const scale = scales[k];
    for (let i = k * size; i < (k + 1) * size; i++) out[i] = scale * values[i];
  }
  return out;
}
