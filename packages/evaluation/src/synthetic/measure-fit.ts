/** Everything one fit is judged by when the truth is known. */
import { rotationMatrix } from '@likeness/core/camera';
import type { PinholeCamera } from '@likeness/core/camera';
import { SRGB8_TO_LINEAR } from '@likeness/core/image';
import type { Image } from '@likeness/core/image';
import { NO_PART, nostrilTexels, uvChart } from '@likeness/core/texture';
import type { MorphableModel } from '@likeness/core/model';

/** Angle between two rotations (axis-angle), degrees. */
export function rotationErrorDegrees(a: readonly number[], b: readonly number[]): number {
  const [p, q] = [rotationMatrix(a), rotationMatrix(b)];
  let trace = 0;
  for (let i = 0; i < 9; i++) trace += p[i] * q[i];
  return (Math.acos(Math.max(-1, Math.min(1, (trace - 1) / 2))) * 180) / Math.PI;
}

/** Lens to head's centre, relative error in percent; `factor` is the head's metric scale. */
export function distanceErrorPercent(fitted: PinholeCamera, factor: number, truth: PinholeCamera): number {
  const distance = (camera: PinholeCamera): number => Math.hypot(...camera.translationMm);
  return 100 * Math.abs((factor * distance(fitted)) / distance(truth) - 1);
}

/** Mean absolute difference of the expression coefficients (0..1). */
export function expressionError(fitted: ArrayLike<number>, truth: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < truth.length; k++) sum += Math.abs(fitted[k] - truth[k]);
  return sum / truth.length;
}

const SAMPLES_PX = 256;

/**
 * Albedo of the face's skin against the truth after the best global scale (light and reflectance share a factor that no photo
 * tells): root mean square of the difference in linear light over the truth's root mean square, percent. The inside of the
 * nostrils does not count: what a texture has there is the dark of a hole, and the painted heads have skin.
 */
export function albedoErrorPercent(model: MorphableModel, fitted: Image, truth: Image): number {
  const chart = uvChart(model, SAMPLES_PX);
  const face = model.regions['face'];
  const skin = model.parts.findIndex(({ name }) => name === 'skin');
  const hidden = new Set(nostrilTexels(chart, model).texels);
  let [ff, ft, tt] = [0, 0, 0];
  for (let row = 0, i = 0; row < SAMPLES_PX; row++)
    for (let column = 0; column < SAMPLES_PX; column++, i++) {
      if (chart.part[i] === NO_PART || chart.part[i] !== skin || hidden.has(i)) continue;
      let weight = 0;
      for (let k = 0; k < 3; k++)
        weight += chart.barycentrics[i * 3 + k] * face[model.triangles[chart.triangleIds[i] * 3 + k]];
      if (weight < 0.5) continue;
      for (let c = 0; c < 3; c++) {
        const [f, t] = [blockMean(fitted, row, column, c), blockMean(truth, row, column, c)];
        ff += f * f;
        ft += f * t;
        tt += t * t;
      }
    }
  // min over s of |s f - t|^2 = tt - ft^2 / ff
  return 100 * Math.sqrt(Math.max(0, 1 - (ft * ft) / (ff * tt)));
}

/** Linear mean over the texels of one sample's square. */
function blockMean(image: Image, row: number, column: number, channel: number): number {
  const step = image.width / SAMPLES_PX;
  let sum = 0;
  let count = 0;
  for (let y = Math.floor(row * step); y < Math.max((row + 1) * step, Math.floor(row * step) + 1); y++)
    for (
      let x = Math.floor(column * step);
      x < Math.max((column + 1) * step, Math.floor(column * step) + 1);
      x++
    ) {
      sum += SRGB8_TO_LINEAR[image.data[(y * image.width + x) * image.channels + channel]];
      count++;
    }
  return sum / count;
}
