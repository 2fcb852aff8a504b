/**
 * What moves detected landmarks without being identity: the detector's own errors, and what a smile does beyond the
 * model's expressions. Left out, p_s has to explain it, and a smiling person becomes somebody else: with it, rank-1 from
 * p_s alone rose from 50 to 95 % of the London people, learned and tested on different halves (docs/identity-from-shape.md).
 */
import { NUISANCE_BYTES, NUISANCE_SCALES } from './landmark-nuisance-data.ts';

/**
 * Displacement modes of the landmarks in the head's frame, each with an N(0, 1) coefficient that the fit solves for and
 * then throws away: the same as Gaussian noise with covariance s^2 I + M M'.
 */
export interface LandmarkNuisance {
  readonly name: string;
  readonly count: number;
  readonly landmarkCount: number;
  /** [count, landmarkCount, 2] mm along the head's +X and +Y. */
  readonly modes: Float32Array;
}

const LANDMARKS = 468;
let learned: LandmarkNuisance | undefined;

/**
 * The set for the 468 dense points, learned by `benchmarks/fit/learn-nuisance.ts` from the neutral and the smiling photo
 * of the 85 people of the Face Research Lab London Set (DeBruine & Jones 2017, CC BY 4.0).
 */
export function learnedNuisance(): LandmarkNuisance {
  learned ??= {
    name: 'london-85',
    count: NUISANCE_SCALES.length,
    landmarkCount: LANDMARKS,
    modes: decodeModes(NUISANCE_BYTES, NUISANCE_SCALES),
  };
  return learned;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Signed bytes in base64, mode by mode, each times its mode's scale. `atob` is no part of the language. */
function decodeModes(text: string, scales: readonly number[]): Float32Array {
  const values = new Map(Array.from(BASE64, (character, value) => [character, value]));
  const size = LANDMARKS * 2;
  const modes = new Float32Array(scales.length * size);
  for (let i = 0; i < modes.length; i++) {
    const at = Math.floor(i / 3) * 4;
    let bits = 0;
    for (let k = 0; k < 4; k++) bits = bits * 64 + (values.get(text[at + k]) ?? 0);
    const byte = (bits >> (8 * (2 - (i % 3)))) & 255;
    modes[i] = (byte < 128 ? byte : byte - 256) * scales[Math.floor(i / size)];
  }
  return modes;
}
