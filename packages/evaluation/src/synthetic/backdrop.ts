/** What is behind the head: blurred shapes of a room or a street, drawn small and enlarged so that they are out of focus. */
import type { Image } from '@likeness/core/image';
import { createRandom } from '@likeness/training/shape';

/** Longer side of the small picture. */
const SMALL_PX = 48;

/** @returns sRGB8 RGB of the size asked for */
export function paintBackdrop(widthPx: number, heightPx: number, seed: number): Image {
  const random = createRandom(seed);
  const scale = SMALL_PX / Math.max(widthPx, heightPx);
  const width = Math.max(4, Math.round(widthPx * scale));
  const height = Math.max(4, Math.round(heightPx * scale));
  const small = new Float32Array(width * height * 3);
  const colour = (): number[] => {
    const grey = random.between(20, 235);
    const spread = random.between(5, 45);
    return [0, 1, 2].map(() => Math.max(0, Math.min(255, grey + spread * random.normal())));
  };
  const [top, bottom] = [colour(), colour()];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        small[(y * width + x) * 3 + c] = top[c] + ((bottom[c] - top[c]) * y) / height;
  const shapes = Math.floor(random.between(0, 10));
  for (let shape = 0; shape < shapes; shape++) {
    const fill = colour();
    const alpha = random.between(0.3, 1);
    const [cx, cy] = [random.between(0, width), random.between(0, height)];
    const [rx, ry] = [random.between(2, width / 3), random.between(2, height / 2)];
    const round = random.uniform() < 0.5;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [u, v] = [(x - cx) / rx, (y - cy) / ry];
        if (round ? u * u + v * v > 1 : Math.max(Math.abs(u), Math.abs(v)) > 1) continue;
        const i = (y * width + x) * 3;
        for (let c = 0; c < 3; c++) small[i + c] += alpha * (fill[c] - small[i + c]);
      }
  }
  return enlarge(small, width, height, widthPx, heightPx);
}

function enlarge(
  from: Float32Array,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): Image {
  const data = new Uint8Array(toWidth * toHeight * 3);
  for (let row = 0; row < toHeight; row++) {
    const y = Math.min(Math.max(((row + 0.5) * height) / toHeight - 0.5, 0), height - 1);
    const y0 = Math.min(Math.floor(y), height - 2);
    for (let column = 0; column < toWidth; column++) {
      const x = Math.min(Math.max(((column + 0.5) * width) / toWidth - 0.5, 0), width - 1);
      const x0 = Math.min(Math.floor(x), width - 2);
      const [fx, fy] = [x - x0, y - y0];
      const i = (y0 * width + x0) * 3;
      const o = (row * toWidth + column) * 3;
      for (let c = 0; c < 3; c++) {
        const upper = (1 - fx) * from[i + c] + fx * from[i + 3 + c];
        const lower = (1 - fx) * from[i + 3 * width + c] + fx * from[i + 3 * width + 3 + c];
        data[o + c] = (1 - fy) * upper + fy * lower;
      }
    }
  }
  return { width: toWidth, height: toHeight, channels: 3, data };
}
