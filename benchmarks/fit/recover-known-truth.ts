/**
 * Recover known truth: a head is rendered with a camera, a light and a texture that are known, the fit starts from others, and gradient
 * descent through the differentiable renderer has to find them again (after nvdiffrast's pose sample). The shape is known: this measures
 * the renderer's gradients, not the model.
 *
 *   npx tsx --conditions=source benchmarks/fit/recover-known-truth.ts [--starts 20] [--model likeness-head|ict-facekit-head]
 *
 * For every start: camera turned by up to 8 degrees about each axis, moved by up to 12 mm sideways and 8% in depth; light even and grey;
 * texture the mean. Adam moves everything, then a quasi-Newton method light and texture. The pictures are rendered by `renderHead`, not by what is tested, with four samples a pixel, on a background that the fit knows.
 */
import { readFile } from 'node:fs/promises';
import {
  cameraValues,
  IDENTITY_CROP,
  multiply3,
  project,
  rotationMatrix,
  type PinholeCamera,
} from '@likeness/core/camera';
import type { Image } from '@likeness/core/image';
import { ambientLight, directionalLight, harmonicsPrior, shadeNormals } from '@likeness/core/lighting';
import { importIctFaceKit, type MorphableModel } from '@likeness/core/model';
import {
  createRasterInput,
  rasterInput,
  rasterSpecs,
  renderFace,
  renderHead,
  type PictureSize,
  type RasterInput,
} from '@likeness/core/render';
import { linearTextureModel, textureAtSize, type TextureModel } from '@likeness/core/texture';
import {
  add,
  compile,
  constant,
  matmul,
  mean,
  mul,
  reshape,
  sub,
  sum,
  valueAndGrad,
  type Program,
  type Tensor,
} from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { loadHeadModel, loadLinearTexture } from '@likeness/node';
import { DATA, mean as average, median, quantile, requireData, rounded, writeResult } from '../common.ts';

const MODES = 10;
const TEXTURE_PX = 256;
const STAGES = [
  { sizePx: 64, steps: 100, rate: 1 },
  { sizePx: 128, steps: 60, rate: 0.5 },
] as const;
/** Then light and texture alone, at the last size: visibility stays, so that a quasi-Newton method can follow the narrow valley between the two. */
const POLISH_STEPS = 40;
/** Step of Adam at the start of the first stage; falls along half a cosine within each stage. */
const RATES: Readonly<Record<string, number>> = {
  rotation: 0.012,
  translation: 1,
  light: 0.03,
  latent: 0.08,
};
/** Depth moves in larger steps than the other two. */
const DEPTH_FACTOR = 5;
const PRIORS = { light: 1e-6, latent: 1e-6 };

interface Subject {
  readonly model: MorphableModel;
  /** Texture whose first modes are looked for. */
  readonly texture: TextureModel;
}

interface Start {
  readonly camera: PinholeCamera;
  readonly truth: PinholeCamera;
  readonly light: Float32Array;
  readonly latent: Float32Array;
}

interface Outcome {
  readonly rotationDegrees: number;
  readonly depthPercent: number;
  readonly sidewaysMm: number;
  /** RMS of the difference in shading over the visible half of the sphere, relative to the mean shading. */
  readonly lightPercent: number;
  /** The same after the one factor a channel that makes it least: strength and tint of light can hide in the texture. */
  readonly lightShapePercent: number;
  /** RMS over the head's texels, steps of 255. */
  readonly textureSteps: number;
  /** RMS of latent - truth, standard deviations. */
  readonly latent: number;
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function subjects(): Promise<Subject[]> {
  const at = process.argv.indexOf('--model');
  const only = at >= 0 ? process.argv[at + 1] : undefined;
  const list: Subject[] = [];
  if (only === undefined || only === 'likeness-head') {
    const model = await loadHeadModel('likeness-head');
    const linear = await loadLinearTexture(model);
    if (!linear) throw new Error('The linear texture of likeness-head is missing.');
    list.push({ model, texture: textureAtSize(linearTextureModel(linear), TEXTURE_PX) });
  }
  if (only === undefined || only === 'ict-facekit-head') {
    const path = requireData('models', 'ict-facekit-head.json');
    const bytes = await readFile(`${DATA}/models/ict-facekit-head.bin`);
    const model = importIctFaceKit(
      JSON.parse(await readFile(path, 'utf8')),
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    );
    list.push({ model, texture: waves(model.name) });
  }
  return list;
}

/** A linear texture model of plane waves for a head that has none: skin colour, modes of falling strength, no two alike. */
function waves(headModel: string): TextureModel {
  const size = TEXTURE_PX;
  const texels = size * size;
  const random = seeded(99);
  const base = new Float32Array(3 * texels);
  const modes = new Float32Array(MODES * 3 * texels);
  const wave = (out: Float32Array, from: number, cycles: number, strength: number): void => {
    const [a, b, phase] = [random() * 2 - 1, random() * 2 - 1, random() * 7];
    const scale = (2 * Math.PI * cycles) / Math.hypot(a, b) / size;
    for (let c = 0; c < 3; c++) {
      const share = strength * (0.6 + 0.8 * random());
      for (let i = 0; i < texels; i++)
        out[from + c * texels + i] +=
          share * Math.sin(scale * (a * (i % size) + b * Math.floor(i / size)) + phase);
    }
  };
  [0.72, 0.56, 0.48].forEach((level, c) => base.fill(level, c * texels, (c + 1) * texels));
  for (let k = 0; k < 12; k++) wave(base, 0, 2 + 2 * k, 0.03);
  for (let k = 0; k < MODES; k++) wave(modes, k * 3 * texels, 1 + k, 0.05 / (1 + 0.15 * k));
  return {
    name: 'waves',
    version: '1',
    headModel,
    latentSize: MODES,
    size,
    generate: (latent) =>
      reshape(add(matmul(latent, constant(modes, [MODES, 3 * texels])), constant(base, [1, 3 * texels])), [
        1,
        3,
        size,
        size,
      ]),
  };
}

function startOf(random: () => number, sizePx: number): Start {
  const between = (low: number, high: number): number => low + (high - low) * random();
  const degree = Math.PI / 180;
  const rotation = [between(-12, 12), between(-30, 30), between(-8, 8)].map((x) => x * degree);
  const depth = between(450, 900);
  const base = {
    widthPx: sizePx,
    heightPx: sizePx,
    focalPx: (sizePx * depth) / 270,
    principalPointPx: [sizePx / 2, sizePx / 2] as const,
  };
  const truth: PinholeCamera = {
    ...base,
    rotation: rotation as [number, number, number],
    translationMm: [between(-15, 15), between(-15, 15), -depth],
  };
  const camera: PinholeCamera = {
    ...base,
    rotation: truth.rotation.map((x) => x + between(-8, 8) * degree) as [number, number, number],
    translationMm: [
      truth.translationMm[0] + between(-12, 12),
      truth.translationMm[1] + between(-12, 12),
      -depth * between(0.92, 1.08),
    ],
  };
  const tint = (): [number, number, number] => {
    const level = between(0.35, 0.7);
    return [level * between(0.92, 1.08), level, level * between(0.92, 1.08)];
  };
  const { coefficients } = directionalLight(
    [between(-1, 1), between(-0.3, 1), between(0.3, 1)],
    tint(),
    tint(),
  );
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return { truth, camera, light: coefficients, latent: Float32Array.from({ length: MODES }, gaussian) };
}

const sized = (camera: PinholeCamera, sizePx: number): PinholeCamera => {
  const scale = sizePx / camera.widthPx;
  return {
    ...camera,
    widthPx: sizePx,
    heightPx: sizePx,
    focalPx: camera.focalPx * scale,
    principalPointPx: [sizePx / 2, sizePx / 2],
  };
};

type Values = Record<'rotation' | 'translation' | 'light' | 'latent', Float32Array>;
const SHAPES: Readonly<Record<keyof Values, readonly number[]>> = {
  rotation: [3],
  translation: [3],
  light: [3, 9],
  latent: [1, MODES],
};
const NAMES = Object.keys(SHAPES) as (keyof Values)[];

/** Texture of the first modes; the others stay at the mean. */
function textureOf({ texture }: Subject, latent: Tensor): Tensor {
  const first = Float32Array.from({ length: MODES * texture.latentSize }, (_, i) =>
    Math.floor(i / texture.latentSize) === i % texture.latentSize ? 1 : 0,
  );
  return texture.generate(matmul(latent, constant(first, [MODES, texture.latentSize])));
}

const RASTER = { silhouettes: true };

/** Loss and gradients of the picture at one size. */
function lossProgram(subject: Subject, size: PictureSize): Promise<Program> {
  const { model } = subject;
  const picture = [1, 3, size.height, size.width];
  const inputs = Object.fromEntries(NAMES.map((name) => [name, { shape: SHAPES[name] }]));
  const loss = (t: Readonly<Record<string, Tensor>>, fixed: Readonly<Record<string, Tensor>>): Tensor => {
    const { image } = renderFace({
      positions: constant(model.mean, [model.vertexCount, 3]),
      triangles: model.triangles,
      uvs: model.uvs,
      texture: textureOf(subject, t['latent']),
      camera: {
        rotation: t['rotation'],
        translation: t['translation'],
        logFocal: fixed['logFocal'],
        centre: fixed['centre'],
      },
      crop: constant([...IDENTITY_CROP], [2, 3]),
      light: { kind: 'harmonics', coefficients: t['light'] },
      raster: fixed,
      size,
      level: size.width < 100 ? 2 : 1,
      background: fixed['background'],
    });
    const off = sub(image, fixed['target']);
    const prior = mul(harmonicsPrior(t['light']), PRIORS.light);
    return add(add(mean(mul(off, off)), prior), mul(sum(mul(t['latent'], t['latent'])), PRIORS.latent / 2));
  };
  return compile(
    (t) => {
      const free = Object.fromEntries(NAMES.map((name) => [name, t[name]]));
      const { value, gradients } = valueAndGrad((p) => loss(p, t))(free);
      return { loss: value, ...gradients };
    },
    {
      ...inputs,
      logFocal: { shape: [] },
      centre: { shape: [2] },
      target: { shape: picture },
      background: { shape: picture },
      ...rasterSpecs(size, RASTER),
    },
    { runtime },
  );
}

const runtime = nodeRuntime({ threads: 1 });

/** [3, H, W] 0..1 */
function planes(image: Image): Float32Array {
  const pixels = image.width * image.height;
  return Float32Array.from(
    { length: 3 * pixels },
    (_, i) => image.data[(i % pixels) * 3 + Math.floor(i / pixels)] / 255,
  );
}

/** A background that is neither skin nor even: waves of blue and grey. */
function backgroundOf(sizePx: number): Image {
  const data = Uint8Array.from({ length: sizePx * sizePx * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y] = [(pixel % sizePx) / sizePx, Math.floor(pixel / sizePx) / sizePx];
    return 90 + 25 * (i % 3) + 30 * Math.sin(9 * x + 4 * y);
  });
  return { width: sizePx, height: sizePx, channels: 3, data };
}

async function textureImage(subject: Subject, latent: Float32Array): Promise<Image> {
  const program = await compile(
    (t) => textureOf(subject, t['latent']),
    { latent: { shape: SHAPES.latent } },
    { runtime },
  );
  const { output } = await program.run({ latent });
  await program.dispose();
  const { size } = subject.texture;
  const data = new Uint8Array(size * size * 3);
  for (let i = 0; i < data.length; i++) {
    const value = output[(i % 3) * size * size + Math.floor(i / 3)];
    data[i] = Math.round(255 * Math.min(1, Math.max(0, value)));
  }
  return { width: size, height: size, channels: 3, data };
}

async function fit(
  subject: Subject,
  programs: readonly Program[],
  start: Start,
): Promise<{ values: Values; milliseconds: number; losses: [number, number] }> {
  const { model } = subject;
  const values: Values = {
    rotation: Float32Array.from(start.camera.rotation),
    translation: Float32Array.from(start.camera.translationMm),
    light: ambientLight([0.7, 0.7, 0.7]).coefficients,
    latent: new Float32Array(MODES),
  };
  const albedo = await textureImage(subject, start.latent);
  const losses: number[] = [];
  let polishing: Readonly<Record<string, Float32Array>> = {};
  const before = process.cpuUsage();
  for (const [stage, { sizePx, steps, rate }] of STAGES.entries()) {
    const size = { width: sizePx, height: sizePx };
    const background = backgroundOf(sizePx);
    const target = renderHead({
      camera: sized(start.truth, sizePx),
      model,
      positions: model.mean,
      albedo,
      light: { coefficients: start.light },
      background,
      supersample: 4,
    });
    const camera = sized(start.camera, sizePx);
    const { logFocal, centre } = cameraValues(camera);
    const fixed = { logFocal, centre, target: planes(target), background: planes(background) };
    polishing = fixed;
    const raster = createRasterInput(size, RASTER);
    const moments = NAMES.map((name) => [
      new Float32Array(values[name].length),
      new Float32Array(values[name].length),
    ]);
    for (let step = 0; step < steps; step++) {
      const now: PinholeCamera = {
        ...camera,
        rotation: values.rotation as unknown as [number, number, number],
        translationMm: values.translation as unknown as [number, number, number],
      };
      rasterInput(project(now, model.mean), model, size, raster);
      const out = await programs[stage].run({ ...values, ...fixed, ...raster });
      losses.push(out['loss'][0]);
      // Adam (Kingma & Ba 2015) with half a cosine.
      const decay = 0.5 + 0.5 * Math.cos((Math.PI * step) / steps);
      NAMES.forEach((name, k) => {
        const [first, second] = moments[k];
        const gradient = out[name];
        for (let i = 0; i < gradient.length; i++) {
          first[i] = 0.9 * first[i] + 0.1 * gradient[i];
          second[i] = 0.99 * second[i] + 0.01 * gradient[i] ** 2;
          const move =
            first[i] / (1 - 0.9 ** (step + 1)) / (Math.sqrt(second[i] / (1 - 0.99 ** (step + 1))) + 1e-12);
          const scale = name === 'translation' && i === 2 ? DEPTH_FACTOR : 1;
          values[name][i] -= RATES[name] * rate * scale * decay * move;
        }
      });
    }
  }
  const used = process.cpuUsage(before);
  await polish(programs[programs.length - 1], values, {
    ...polishing,
    ...lastRaster(subject, start, values),
  });
  return {
    values,
    milliseconds: (used.user + used.system) / 1000 / losses.length,
    losses: [losses[0], losses[losses.length - 1]],
  };
}

/** What the head at its last place shows at the last size. */
function lastRaster({ model }: Subject, start: Start, values: Values): RasterInput {
  const { sizePx } = STAGES[STAGES.length - 1];
  const size = { width: sizePx, height: sizePx };
  const camera: PinholeCamera = {
    ...sized(start.camera, sizePx),
    rotation: values.rotation as unknown as [number, number, number],
    translationMm: values.translation as unknown as [number, number, number],
  };
  return rasterInput(project(camera, model.mean), model, size, createRasterInput(size, RASTER));
}

/** Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.5) with halved steps until the loss falls. */
async function polish(
  program: Program,
  values: Values,
  fixed: Readonly<Record<string, Float32Array | Int32Array | undefined>>,
): Promise<void> {
  const names = ['light', 'latent'] as const;
  const pack = (of: Readonly<Record<string, ArrayLike<number>>>): Float64Array =>
    Float64Array.from(names.flatMap((name) => Array.from(of[name])));
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((total, x, i) => total + x * b[i], 0);
  const evaluate = async (at: Float64Array): Promise<{ loss: number; gradient: Float64Array }> => {
    const light = Float32Array.from(at.subarray(0, values.light.length));
    const latent = Float32Array.from(at.subarray(values.light.length));
    const out = await program.run({ ...values, ...fixed, light, latent });
    return { loss: out['loss'][0], gradient: pack(out) };
  };
  let x = pack(values);
  let here = await evaluate(x);
  const pairs: { s: Float64Array; y: Float64Array }[] = [];
  for (let step = 0; step < POLISH_STEPS; step++) {
    const q = here.gradient.slice();
    const factors: number[] = [];
    for (const { s, y } of pairs.toReversed()) {
      const factor = dot(s, q) / dot(s, y);
      factors.push(factor);
      y.forEach((value, i) => (q[i] -= factor * value));
    }
    const last = pairs.at(-1);
    const scale = last ? dot(last.s, last.y) / dot(last.y, last.y) : 0.05 / Math.sqrt(dot(q, q));
    q.forEach((value, i) => (q[i] = value * scale));
    for (const { s, y } of pairs) {
      const factor = (factors.pop() ?? 0) - dot(y, q) / dot(s, y);
      s.forEach((value, i) => (q[i] += factor * value));
    }
    let next = here;
    let moved = x;
    let share = 1;
    for (; share > 1e-3; share /= 2) {
      moved = x.map((value, i) => value - share * q[i]);
      next = await evaluate(moved);
      if (next.loss < here.loss) break;
    }
    if (next.loss >= here.loss) break;
    const s = moved.map((value, i) => value - x[i]);
    const y = next.gradient.map((value, i) => value - here.gradient[i]);
    if (dot(s, y) > 0) pairs.push({ s, y });
    if (pairs.length > 12) pairs.shift();
    [x, here] = [moved, next];
  }
  values.light = Float32Array.from(x.subarray(0, values.light.length));
  values.latent = Float32Array.from(x.subarray(values.light.length));
}

/** Normals of the half of the sphere that a picture shows. */
const FRONT = Float32Array.from({ length: 3 * 200 }, (_, i) => {
  const k = Math.floor(i / 3);
  const z = (k + 0.5) / 200;
  const angle = k * Math.PI * (3 - Math.sqrt(5));
  return i % 3 === 2 ? z : Math.sqrt(1 - z * z) * (i % 3 === 0 ? Math.cos(angle) : Math.sin(angle));
});

async function outcomeOf(subject: Subject, start: Start, values: Values): Promise<Outcome> {
  const { truth } = start;
  const turn = multiply3(transposed(rotationMatrix(truth.rotation)), rotationMatrix(values.rotation));
  const cosine = Math.min(1, (turn[0] + turn[4] + turn[8] - 1) / 2);
  const shift = values.translation.map((x, i) => x - truth.translationMm[i]);
  const shading = shadeNormals({ coefficients: start.light }, FRONT);
  const found = shadeNormals({ coefficients: values.light }, FRONT);
  const [wanted, got] = [
    await textureImage(subject, start.latent),
    await textureImage(subject, values.latent),
  ];
  return {
    rotationDegrees: (Math.acos(cosine) * 180) / Math.PI,
    depthPercent: (100 * Math.abs(shift[2])) / -truth.translationMm[2],
    sidewaysMm: Math.hypot(shift[0], shift[1]),
    lightPercent: (100 * rms(shading, found)) / average([...shading]),
    lightShapePercent: (100 * rms(shading, matched(found, shading))) / average([...shading]),
    textureSteps: rms(wanted.data, got.data),
    latent: rms(start.latent, values.latent),
  };
}

/** [N, 3] with each channel times the factor that brings it nearest to another. */
function matched(values: Float32Array, wanted: Float32Array): Float32Array {
  const factors = [0, 1, 2].map((c) => {
    let [top, bottom] = [0, 0];
    for (let i = c; i < values.length; i += 3) {
      top += values[i] * wanted[i];
      bottom += values[i] ** 2;
    }
    return top / bottom;
  });
  return values.map((value, i) => value * factors[i % 3]);
}

const transposed = (m: Float64Array): Float64Array =>
  Float64Array.from(m, (_, i) => m[(i % 3) * 3 + Math.floor(i / 3)]);

function rms(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] - b[i]) ** 2;
  return Math.sqrt(total / a.length);
}

const flag = process.argv.indexOf('--starts');
const starts = flag >= 0 ? Number(process.argv[flag + 1]) : 20;
const LIMITS = { rotationDegrees: 0.5, depthPercent: 1 };
const results: object[] = [];
for (const subject of await subjects()) {
  const programs = await Promise.all(
    STAGES.map(({ sizePx }) => lossProgram(subject, { width: sizePx, height: sizePx })),
  );
  const random = seeded(2026);
  const runs: { start: Outcome; end: Outcome; milliseconds: number; losses: [number, number] }[] = [];
  for (let n = 0; n < starts; n++) {
    const start = startOf(random, STAGES[STAGES.length - 1].sizePx);
    const initial: Values = {
      rotation: Float32Array.from(start.camera.rotation),
      translation: Float32Array.from(start.camera.translationMm),
      light: ambientLight([0.7, 0.7, 0.7]).coefficients,
      latent: new Float32Array(MODES),
    };
    const { values, ...how } = await fit(subject, programs, start);
    const [before, after] = [
      await outcomeOf(subject, start, initial),
      await outcomeOf(subject, start, values),
    ];
    runs.push({ start: before, end: after, ...how });
    const shown = (o: Outcome): string =>
      `${o.rotationDegrees.toFixed(2)} deg ${o.depthPercent.toFixed(2)}% ${o.sidewaysMm.toFixed(2)} mm light ${o.lightPercent.toFixed(1)}% (shape ${o.lightShapePercent.toFixed(1)}%) texture ${o.textureSteps.toFixed(1)} latent ${o.latent.toFixed(2)}`;
    console.log(`${subject.model.name} ${n + 1}: ${shown(before)} -> ${shown(after)}`);
  }
  await Promise.all(programs.map((program) => program.dispose()));
  const pictureSteps = runs.map(({ losses }) => losses.map((loss) => 255 * Math.sqrt(loss)));
  const keys = Object.keys(runs[0].end) as (keyof Outcome)[];
  const summary = Object.fromEntries(
    keys.map((key) => {
      const [from, to] = [runs.map((r) => r.start[key]), runs.map((r) => r.end[key])];
      return [
        key,
        {
          startMedian: rounded(median(from)),
          median: rounded(median(to)),
          p90: rounded(quantile(to, 0.9)),
          worst: rounded(Math.max(...to)),
        },
      ];
    }),
  );
  const recovered = runs.filter(
    ({ end }) => end.rotationDegrees <= LIMITS.rotationDegrees && end.depthPercent <= LIMITS.depthPercent,
  ).length;
  console.log(
    `\n${subject.model.name} ${subject.model.version}: ${recovered} of ${starts} cameras within 0.5 degrees and 1% of depth`,
  );
  console.table(summary);
  results.push({
    model: subject.model.name,
    version: subject.model.version,
    texture: subject.texture.name,
    starts,
    camerasRecovered: recovered,
    summary,
    /** RMS between the fitted picture and the truth, steps of 255, medians. */
    pictureSteps: {
      start: rounded(median(pictureSteps.map(([first]) => first))),
      end: rounded(median(pictureSteps.map(([, last]) => last))),
    },
    processorMsPerStep: rounded(median(runs.map((r) => r.milliseconds))),
  });
}
await writeResult('fit-recover-known-truth', {
  limits: LIMITS,
  modes: MODES,
  texturePx: TEXTURE_PX,
  stages: STAGES,
  polishSteps: POLISH_STEPS,
  results,
});
