/** A square two-dimensional Fourier transform, in place: radix 2, tables made once. */

export interface SquareFft {
  readonly size: number;
  /** Transforms [size, size] complex numbers. */
  transform(real: Float64Array, imaginary: Float64Array): void;
}

/** @param size a power of two. @throws RangeError for any other */
export function createSquareFft(size: number): SquareFft {
  if (size < 2 || (size & (size - 1)) !== 0)
    throw new RangeError(`createSquareFft: the size must be a power of two, received ${size}.`);
  const bits = Math.log2(size);
  const reversed = Uint16Array.from({ length: size }, (_, i) => {
    let out = 0;
    for (let b = 0; b < bits; b++) if ((i >> b) & 1) out |= 1 << (bits - 1 - b);
    return out;
  });
  const cos = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float64Array.from({ length: size / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
  const line = (re: Float64Array, im: Float64Array): void => {
    for (let i = 0; i < size; i++) {
      const j = reversed[i];
      if (j <= i) continue;
      const [a, b] = [re[i], im[i]];
      re[i] = re[j];
      im[i] = im[j];
      re[j] = a;
      im[j] = b;
    }
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half)
        for (let k = 0; k < half; k++) {
          const [c, s] = [cos[k * step], sin[k * step]];
          const low = start + k;
          const high = low + half;
          const x = re[high] * c - im[high] * s;
          const y = re[high] * s + im[high] * c;
          re[high] = re[low] - x;
          im[high] = im[low] - y;
          re[low] += x;
          im[low] += y;
        }
    }
  };
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  return {
    size,
    transform(real, imaginary) {
      for (let y = 0; y < size; y++)
        line(real.subarray(y * size, (y + 1) * size), imaginary.subarray(y * size, (y + 1) * size));
      for (let x = 0; x < size; x++) {
        for (let y = 0; y < size; y++) {
          re[y] = real[y * size + x];
          im[y] = imaginary[y * size + x];
        }
        line(re, im);
        for (let y = 0; y < size; y++) {
          real[y * size + x] = re[y];
          imaginary[y * size + x] = im[y];
        }
      }
    },
  };
}
