// Philox 4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011), section 3.3: ten rounds of two 32 x 32 -> 64 bit products make four words out of a counter of four
// words and a key of two. No state: any block can be made by itself, in any order, on any platform, with the same bits.

const M0_LOW = 0x1f53;
const M0_HIGH = 0xd251;
const M1_LOW = 0x8d57;
const M1_HIGH = 0xcd9e;
/** Multipliers of the two products. */
export const M0 = 0xd2511f53;
export const M1 = 0xcd9e8d57;
/** Weyl increments of the key: golden ratio and sqrt(3) - 1. */
export const W0 = 0x9e3779b9;
export const W1 = 0xbb67ae85;
export const ROUNDS = 10;

/** The upper 32 bits of a product of two unsigned words. All partial sums stay below 2^32. */
export function multiplyHigh(a: number, b: number): number {
  return multiplyHighParts(a & 0xffff, a >>> 16, b);
}

function multiplyHighParts(low: number, high: number, b: number): number {
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = high * bLow + ((low * bLow) >>> 16);
  const other = low * bHigh + (middle & 0xffff);
  return (high * bHigh + (middle >>> 16) + (other >>> 16)) >>> 0;
}

/** Writes the block of four words at counter (c0, c1, c2, c3) under key (k0, k1) to `out[at..at + 3]`. */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  at = 0,
): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHighParts(M0_LOW, M0_HIGH, c0);
    const low0 = Math.imul(M0, c0);
    const high1 = multiplyHighParts(M1_LOW, M1_HIGH, c2);
    const low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  // Stores into a Uint32Array take the value modulo 2^32; what lies past its end is dropped.
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}
