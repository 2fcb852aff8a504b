/**
 * The encoder that goes beside a generator's file: its latents are principal components of small pictures of the face's window
 * (`gan/latent-space.ts`), so the pictures' means and components are all that an inversion needs to start from.
 */
import type { TextureEncoder } from '@likeness/core/texture';
import { levelSize, type FaceWindow } from './gan/index.ts';

/** What of a latent space the encoder is made from: latent = (picture - mean) encoder, in -1..1. */
export interface EncoderSource {
  readonly window: FaceWindow;
  /** Level of the pictures. */
  readonly level: number;
  /** [3 h w]. */
  readonly mean: Float32Array;
  /** [3 h w, L], columns orthogonal. */
  readonly encoder: Float32Array;
}

export function exportEncoder({ window, level, mean, encoder }: EncoderSource): TextureEncoder {
  const [height, width] = levelSize(window, level);
  const [boxHeight, boxWidth] = levelSize(window, window.topLevel);
  const length = mean.length;
  const latentSize = encoder.length / length;
  const components = new Float32Array(encoder.length);
  for (let k = 0; k < latentSize; k++) {
    // A column is an eigenvector over its deviation: over its squared length it is the eigenvector times the deviation.
    let squared = 0;
    for (let i = 0; i < length; i++) squared += encoder[i * latentSize + k] ** 2;
    for (let i = 0; i < length; i++) components[k * length + i] = encoder[i * latentSize + k] / (2 * squared);
  }
  return {
    mapSize: window.mapSize,
    box: { x: window.x, y: window.y, width: boxWidth, height: boxHeight },
    height,
    width,
    latentSize,
    mean: mean.map((value) => (value + 1) / 2),
    components,
  };
}
