/**
 * The picture of the texture generator's model card: sixteen draws, as they come (keys 100 to 115), cut to the face's window.
 *   npx tsx --conditions=source benchmarks/texture/sample-grid.ts [FILE.jpg]
 */
import { writeFile } from 'node:fs/promises';
import { compile } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { key, normal } from '@likeness/graph/random';
import { encodeJpeg, loadDefaultGenerator, loadHeadModel } from '@likeness/node';
import { FACE_WINDOW, levelSize } from '../../packages/training/src/texture/gan/index.ts';

const [ROWS, COLUMNS] = [2, 8];
const path = process.argv[2] ?? 'docs/pictures/likeness-skin-samples.jpg';
const generator = await loadDefaultGenerator(await loadHeadModel('likeness-head'));
if (!generator) throw new Error('sample-grid: no generator comes with this version.');
const { latentSize, size } = generator;
const program = await compile(
  ({ z }) => generator.generate(z),
  { z: { shape: [1, latentSize] } },
  { runtime: nodeRuntime() },
);
const [h, w] = levelSize(FACE_WINDOW, FACE_WINDOW.topLevel);
const width = COLUMNS * w;
const data = new Uint8Array(width * ROWS * h * 3);
for (let i = 0; i < ROWS * COLUMNS; i++) {
  const { output } = await program.run({ z: normal(key(100 + i), [latentSize]) });
  const [top, left] = [Math.floor(i / COLUMNS) * h, (i % COLUMNS) * w];
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const value = output[(c * size + y + FACE_WINDOW.y) * size + x + FACE_WINDOW.x];
        data[((top + y) * width + left + x) * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
}
await program.dispose();
await writeFile(path, await encodeJpeg({ width, height: ROWS * h, channels: 3, data }));
