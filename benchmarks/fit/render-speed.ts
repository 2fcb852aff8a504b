/**
 * What one differentiable render costs: processor time of `renderFace` forward, and forward with the gradient by vertices, camera, texture and
 * light; and of the rasterisation between two iterations.
 *
 *   npx tsx --conditions=source benchmarks/fit/render-speed.ts
 *
 * likeness-head, all of it, on one thread: processor time is then the time that a quiet core needs.
 */
import { cameraValues, IDENTITY_CROP, project, type PinholeCamera } from '@likeness/core/camera';
import type { MorphableModel } from '@likeness/core/model';
import {
  createRasterInput,
  DEFAULT_LIGHT,
  rasterInput,
  rasterSpecs,
  renderFace,
  type FaceLight,
} from '@likeness/core/render';
import { abs, compile, constant, mean, sub, valueAndGrad, type Tensor } from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { loadHeadModel } from '@likeness/node';
import { median, rounded, writeResult } from '../common.ts';

const RUNS = 25;
const runtime = nodeRuntime({ threads: 1 });

interface Case {
  readonly sizePx: number;
  readonly texturePx: number;
  readonly light: FaceLight['kind'];
  readonly silhouettes: boolean;
}

const CASES: readonly Case[] = [
  { sizePx: 224, texturePx: 256, light: 'harmonics', silhouettes: false },
  { sizePx: 224, texturePx: 512, light: 'harmonics', silhouettes: false },
  { sizePx: 224, texturePx: 512, light: 'harmonics', silhouettes: true },
  { sizePx: 224, texturePx: 512, light: 'phong', silhouettes: false },
  { sizePx: 112, texturePx: 256, light: 'harmonics', silhouettes: false },
];

async function processorMs(run: () => void | Promise<unknown>): Promise<number> {
  for (let i = 0; i < 5; i++) await run();
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return median(times);
}

async function measure(model: MorphableModel, { sizePx, texturePx, light, silhouettes }: Case) {
  const size = { width: sizePx, height: sizePx };
  const camera: PinholeCamera = {
    widthPx: sizePx,
    heightPx: sizePx,
    focalPx: 3 * sizePx,
    principalPointPx: [sizePx / 2, sizePx / 2],
    rotation: [0.1, 0.3, 0.05],
    translationMm: [0, 20, -700],
  };
  const free: Readonly<Record<string, { readonly shape: readonly number[] }>> = {
    positions: { shape: [model.vertexCount, 3] },
    rotation: { shape: [3] },
    translation: { shape: [3] },
    logFocal: { shape: [] },
    texture: { shape: [1, 3, texturePx, texturePx] },
    ...(light === 'harmonics'
      ? { coefficients: { shape: [3, 9] } }
      : {
          ambient: { shape: [3] },
          position: { shape: [3] },
          colour: { shape: [3] },
          specular: { shape: [] },
        }),
  };
  const fixed = { target: { shape: [1, 3, sizePx, sizePx] }, ...rasterSpecs(size, { silhouettes }) };
  type Tensors = Readonly<Record<string, Tensor>>;
  const loss = (t: Tensors): Tensor => {
    const { image } = renderFace({
      positions: t['positions'],
      triangles: model.triangles,
      uvs: model.uvs,
      texture: t['texture'],
      camera: {
        rotation: t['rotation'],
        translation: t['translation'],
        logFocal: t['logFocal'],
        centre: constant([sizePx / 2, sizePx / 2], [2]),
      },
      crop: constant([...IDENTITY_CROP], [2, 3]),
      light: { kind: light, ...t } as unknown as FaceLight,
      raster: t,
      size,
    });
    return mean(abs(sub(image, t['target'])));
  };
  const specs = { ...free, ...fixed };
  const forward = await compile((t) => ({ loss: loss(t) }), specs, { runtime });
  const both = await compile(
    (t) => {
      const { value, gradients } = valueAndGrad((p) => loss({ ...t, ...p }))(
        Object.fromEntries(Object.keys(free).map((name) => [name, t[name]])),
      );
      return { loss: value, ...gradients };
    },
    specs,
    { runtime },
  );
  const projected = project(camera, model.mean);
  const raster = createRasterInput(size, { silhouettes });
  const rasterMs = await processorMs(() => {
    rasterInput(projected, model, size, raster);
  });
  const { rotation, translation, logFocal } = cameraValues(camera);
  const inputs: Readonly<Record<string, Float32Array | Int32Array>> = {
    positions: model.mean,
    rotation,
    translation,
    logFocal,
    texture: Float32Array.from({ length: 3 * texturePx ** 2 }, (_, i) => 0.5 + 0.3 * Math.sin(i / 50)),
    ...(light === 'harmonics'
      ? { coefficients: DEFAULT_LIGHT.coefficients }
      : {
          ambient: Float32Array.of(0.3, 0.3, 0.3),
          position: Float32Array.of(0, 500, 1500),
          colour: Float32Array.of(0.6, 0.6, 0.6),
          specular: Float32Array.of(0.1),
        }),
    target: new Float32Array(3 * sizePx ** 2).fill(0.3),
    ...raster,
  };
  const result = {
    sizePx,
    texturePx,
    light,
    silhouettes,
    rasterMs: rounded(rasterMs),
    forwardMs: rounded(await processorMs(() => forward.run(inputs))),
    forwardBackwardMs: rounded(await processorMs(() => both.run(inputs))),
  };
  await forward.dispose();
  await both.dispose();
  return result;
}

const model = await loadHeadModel('likeness-head');
const results = [];
for (const one of CASES) {
  results.push(await measure(model, one));
  console.log(results[results.length - 1]);
}
console.table(results);
await writeResult('fit-render-speed', {
  what: 'processor time in ms, one thread, medians',
  runs: RUNS,
  model: { name: model.name, vertices: model.vertexCount, triangles: model.triangles.length / 3 },
  results,
});
