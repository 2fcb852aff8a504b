/**
 * Grain for skin that was not seen: smooth fill beside photographed pores looks like plastic. A small tile of band-limited
 * noise, the same for everybody; only its strength is taken from the photo.
 */

/** Texels per side of the tile; it repeats without a seam. */
export const GRAIN_SIZE = 256;

let tile: Float32Array | undefined;

/** [GRAIN_SIZE, GRAIN_SIZE] noise of mean 0 and variance 1, about two texels wide. Made on first use, never written to again. */
export function skinGrain(): Float32Array {
  tile ??= makeTile();
  return tile;
}

function makeTile(): Float32Array {
  const n = GRAIN_SIZE;
  let noise = new Float32Array(n * n);
  let state = 0x2545f491;
  for (let i = 0; i < noise.length; i++) {
    // xorshift32: enough for noise that nobody looks at twice.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise[i] = (state >>> 0) / 4294967296 - 0.5;
  }
  for (let round = 0; round < 2; round++) {
    const next = new Float32Array(n * n);
    for (let y = 0; y < n; y++) {
      for (let x = 0; x < n; x++) {
        let sum = 0;
        for (const [dx, dy, weight] of KERNEL)
          sum += weight * noise[((y + dy + n) % n) * n + ((x + dx + n) % n)];
        next[y * n + x] = sum;
      }
    }
    noise = next;
  }
  let mean = 0;
  let square = 0;
  for (const x of noise) {
    mean += x / noise.length;
    square += (x * x) / noise.length;
  }
  const deviation = Math.sqrt(square - mean * mean);
  return noise.map((x) => (x - mean) / deviation);
}

const KERNEL: readonly (readonly [number, number, number])[] = [-1, 0, 1].flatMap((dy) =>
  [-1, 0, 1].map((dx): readonly [number, number, number] => [
    dx,
    dy,
    (2 - Math.abs(dx)) * (2 - Math.abs(dy)),
  ]),
);
