/**
 * How much fine detail there is: the power spectrum of luminance, averaged around circles of equal frequency, and the energy of
 * its top octave, from half the Nyquist frequency to all of it. A texture model that blurs has less there than real maps.
 */
import { createSquareFft } from './fft.ts';

/** Rec. 709 weights of luminance. */
const LUMA = [0.2126, 0.7152, 0.0722] as const;

export interface SpectrumMeter {
  /** Numbers in a spectrum: frequencies 0, 1, ... size / 2 - 1 cycles per side. */
  readonly length: number;
  /**
   * Mean power at each frequency of one or two pictures (two cost as much as one).
   * @param pictures [size, size] luminance in 0..255
   */
  measure(pictures: readonly Float32Array[]): Float64Array[];
}

/** @param size of the pictures, a power of two */
export function createSpectrumMeter(size: number): SpectrumMeter {
  const fft = createSquareFft(size);
  // A Hann window: borders that do not meet would look like detail.
  const taper = Float64Array.from({ length: size }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / size) ** 2);
  const norm = taper.reduce((sum, value) => sum + value * value, 0) ** 2;
  const length = size / 2;
  const bins = new Int16Array(size * size).fill(-1);
  const counts = new Float64Array(length);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const radius = Math.round(Math.hypot(y < length ? y : y - size, x < length ? x : x - size));
      if (radius >= length) continue;
      bins[y * size + x] = radius;
      counts[radius]++;
    }
  const [re, im] = [new Float64Array(size * size), new Float64Array(size * size)];
  return {
    length,
    measure(pictures) {
      if (pictures.length < 1 || pictures.length > 2)
        throw new RangeError(`SpectrumMeter: one or two pictures, received ${pictures.length}.`);
      [re, im].forEach((part, index) => {
        const picture = pictures.at(index);
        if (!picture) {
          part.fill(0);
          return;
        }
        if (picture.length !== size * size)
          throw new RangeError(
            `SpectrumMeter: expected ${size} x ${size}, received ${picture.length} values.`,
          );
        const mean = picture.reduce((sum, value) => sum + value, 0) / picture.length;
        for (let y = 0; y < size; y++)
          for (let x = 0; x < size; x++)
            part[y * size + x] = taper[y] * taper[x] * (picture[y * size + x] - mean);
      });
      fft.transform(re, im);
      // Two real pictures in one transform: F(a) and F(b) are its even and odd parts.
      const out = pictures.map(() => new Float64Array(length));
      for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++) {
          const bin = bins[y * size + x];
          if (bin < 0) continue;
          const i = y * size + x;
          const j = ((size - y) % size) * size + ((size - x) % size);
          const a = (re[i] + re[j]) ** 2 + (im[i] - im[j]) ** 2;
          out[0][bin] += a / 4;
          if (out.length > 1) out[1][bin] += ((im[i] + im[j]) ** 2 + (re[j] - re[i]) ** 2) / 4;
        }
      for (const spectrum of out) for (let r = 0; r < length; r++) spectrum[r] /= counts[r] * norm;
      return out;
    },
  };
}

/** Energy in the top octave: power times the number of frequencies at each radius. */
export function topOctave(spectrum: ArrayLike<number>): number {
  let energy = 0;
  for (let r = spectrum.length / 2; r < spectrum.length; r++) energy += spectrum[r] * r;
  return energy;
}

/** Luminance of a square of a map. @param map [3, S, S]; @returns [size, size] */
export function luminanceSquare(
  map: ArrayLike<number>,
  mapSize: number,
  x: number,
  y: number,
  size: number,
): Float32Array {
  const out = new Float32Array(size * size);
  const plane = mapSize * mapSize;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const at = (row + y) * mapSize + column + x;
      out[row * size + column] =
        LUMA[0] * map[at] + LUMA[1] * map[plane + at] + LUMA[2] * map[2 * plane + at];
    }
  return out;
}
