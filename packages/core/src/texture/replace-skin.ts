/**
 * A generated texture is trusted with skin. Eyeballs and the mouth's inside are painted from what the photo shows of them
 * (an iris has the person's colour, not the training set's most probable one).
 */
import type { Image } from '../image/index.ts';
import { skinTexels } from './unwrap.ts';
import { uvChart, type ChartModel } from './uv-chart.ts';

/**
 * @param painted sRGB8 RGB in the model's chart
 * @param generated the same size
 * @returns `painted` with the skin, and the gaps beside it, of `generated`
 * @throws RangeError where the sizes differ
 */
export function replaceSkin(model: ChartModel, painted: Image, generated: Image): Image {
  const size = painted.width;
  if (generated.width !== size || generated.height !== painted.height)
    throw new RangeError(
      `replaceSkin: expected a map of ${size} x ${painted.height}, received ${generated.width} x ${generated.height}.`,
    );
  const chart = uvChart(model, size);
  const skin = skinTexels(chart, model);
  const data = painted.data.slice();
  for (let i = 0; i < skin.length; i++) {
    // A gap takes after the island it pads; what is far from all islands is nobody's.
    const at = chart.triangleIds[i] >= 0 ? i : chart.padding[i];
    if (at >= 0 && skin[at] === 0) continue;
    for (let c = 0; c < 3; c++) data[i * 3 + c] = generated.data[i * 3 + c];
  }
  return { width: size, height: painted.height, channels: 3, data };
}
