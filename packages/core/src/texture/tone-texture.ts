/**
 * A texture model for heads that have none: one skin colour over the whole chart, three numbers. With it the joint fit of an
 * imported head has something to move in; brows and lips it does not know, so its pixel term is held by shape and light alone.
 */
import type { LinearTexture } from './linear-texture.ts';

/** sRGB-encoded colour of the mean of likeness-skin-linear over the face. */
const MEAN = [0.695, 0.529, 0.466] as const;

/**
 * Lightness, red against blue, green against both: about one standard deviation over people each, lightness wider than in the
 * studio sets, which show few dark skins.
 */
const MODES = [
  [0.13, 0.13, 0.12],
  [0.015, -0.005, -0.03],
  [-0.008, 0.012, -0.005],
] as const;

const SIZE = 32;

/** @param headModel name of the head model whose chart it stands in for */
export function toneTexture(headModel: string): LinearTexture {
  const plane = SIZE * SIZE;
  const flat = (colour: readonly number[]): Float32Array =>
    Float32Array.from({ length: 3 * plane }, (_, i) => colour[Math.floor(i / plane)]);
  const coarse = new Float32Array(MODES.length * 3 * plane);
  for (const [k, mode] of MODES.entries()) coarse.set(flat(mode), k * 3 * plane);
  return {
    name: 'skin-tone',
    version: '1',
    headModel,
    size: SIZE,
    mean: flat(MEAN),
    modeCount: MODES.length,
    coarseSize: SIZE,
    coarse,
    box: { x: 0, y: 0, width: 1, height: 1 },
    detail: new Float32Array(MODES.length * 3),
  };
}
