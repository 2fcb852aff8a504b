/**
 * One iteration of the joint fit as data: the product's own program for a photograph, with everything that it reads, which
 * `peer_joint_iteration.py` reads too. Both sides get the same rasterised triangles, so that what is compared is the same work.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faceResNetwork } from '@likeness/core/analysis';
import { cameraValues, project } from '@likeness/core/camera';
import { fitLandmarks } from '@likeness/core/fitting';
import {
  NETWORK_LOSSES,
  PARAMETER_GROUPS,
  PARAMETER_UNITS,
  randomView,
  type ParameterGroup,
  type Stage,
} from '@likeness/core/fitting/joint';
import { evaluateModel, landmarkPositions, type MorphableModel } from '@likeness/core/model';
import { withMouthPocket } from '@likeness/core/pipeline';
import { linearTextureModel, observeSkin, type TextureModel } from '@likeness/core/texture';
import { random, trace, type Program, type Runtime } from '@likeness/graph';
import {
  decodePhoto,
  loadDefaultGenerator,
  loadHeadModel,
  loadLinearTexture,
  networksFolder,
  readAnalysisNetworks,
} from '@likeness/node';
import { stageShape } from '../../packages/core/src/fitting/joint/iteration-program.ts';
import {
  createJointPrograms,
  type JointPrograms,
} from '../../packages/core/src/fitting/joint/joint-programs.ts';
import {
  createPhotoState,
  cropsOf,
  parameterArrays,
  rasterArrays,
  type ProgramArrays,
} from '../../packages/core/src/fitting/joint/photo-state.ts';
import { lower } from '../../packages/graph/src/lower.ts';
import { openAnalyser } from '../common.ts';
import { hashed } from '../graph/zoo.ts';

export const TEXTURES = ['linear', 'progressive'] as const;
export type TextureName = (typeof TEXTURES)[number];

const TEXTURE_PX = 512;

/** Every term is computed, so that every one is compared. The weights are near the presets'. */
export const STAGE: Stage = {
  name: 'every term',
  free: PARAMETER_GROUPS,
  losses: {
    identity: 0.5,
    identityRandom: 0.25,
    content: 0.2,
    pixel: 2,
    landmark: 1,
    identityPrior: 0.004,
    expressionPrior: 0.004,
    latent: 0.02,
    latentBound: 0.02,
    lightPrior: 0.02,
    identityStart: 0.004,
    expressionStart: 0.01,
    textureStart: 0.01,
    cameraStart: 0.01,
    lightStart: 0.02,
  },
  steps: 1,
  learningRate: 0.05,
  textureSize: TEXTURE_PX,
};

/**
 * `whole`: the fit's own. `smooth`: without the pixels at which the gradient jumps (on an edge of a triangle or between two texels, where the
 * last digit decides). `plain`: smooth, and terms that ask the network weigh nothing.
 */
export type ProblemInputs = 'whole' | 'smooth' | 'plain';

export interface IterationProblem {
  readonly programs: (runtime: Runtime) => JointPrograms;
  /** Our iteration: both projections, then terms and gradient. */
  readonly open: (programs: JointPrograms) => Promise<OpenIteration>;
  readonly vertices: number;
  /** Covered pixels of both views, and those of them at which gradients are compared. */
  readonly pixels: readonly number[];
  readonly smoothPixels: readonly number[];
  /** Puts every number of the problem into a folder, for the peer. */
  readonly write: (folder: string, of: ProblemInputs) => void;
  readonly groups: readonly { readonly name: ParameterGroup; readonly size: number }[];
  readonly terms: readonly string[];
}

export interface OpenIteration {
  readonly geometry: Program;
  readonly iteration: Program;
  readonly geometryInputs: ProgramArrays;
  readonly inputs: ProgramArrays;
  /** What gradients are compared on. */
  readonly comparedInputs: Readonly<Record<Exclude<ProblemInputs, 'whole'>, ProgramArrays>>;
  /** Finds the triangles of both views, as the product does between the two programs. */
  rasterise(): void;
}

/** A generator as the peer reads it: its nodes, floats of `constants` among the arrays, and whole numbers. */
function nodesForPeer(texture: TextureModel): {
  readonly settings: object;
  readonly constants: ProgramArrays;
} {
  const generated = trace(({ latent }) => ({ output: texture.generate(latent) }), {
    latent: { shape: [1, texture.latentSize] },
  });
  const { nodes, initializers } = lower(generated, { rewrite: false });
  const constants: ProgramArrays = {};
  const shapes: Record<string, readonly number[]> = {};
  const integers: Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }> =
    {};
  for (const { name, shape, data } of initializers) {
    if (data instanceof Float32Array) {
      constants[`texture.${name}`] = data;
      shapes[name] = shape;
    } else integers[name] = { shape, values: Array.from(data, Number) };
  }
  return {
    constants,
    settings: {
      shapes,
      integers,
      nodes: nodes.map(({ opType, inputs, outputs, attributes }) => ({
        operation: opType,
        inputs,
        outputs,
        // { i: 1 } -> 1: which kind it is the operation knows.
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name, Object.values(value)[0] as unknown]),
        ),
      })),
    },
  };
}

export async function iterationProblem(
  photoPath: string,
  textureName: TextureName,
  runtime: Runtime,
): Promise<IterationProblem> {
  const model = withMouthPocket(await loadHeadModel('likeness-head'));
  const linear = await loadLinearTexture(model);
  if (!linear) throw new Error('This benchmark needs the linear texture model.');
  const generator = textureName === 'linear' ? undefined : await loadDefaultGenerator(model);
  if (textureName !== 'linear' && !generator)
    throw new Error('This row needs the generator of likeness-skin.');
  const texture = generator ?? linearTextureModel(linear);
  const nodes = generator && nodesForPeer(generator);
  const identity = faceResNetwork((await readAnalysisNetworks()).faceres);
  const photo = await decodePhoto(photoPath);
  const analyser = await openAnalyser();
  const [face] = await analyser.analyse(photo);
  await analyser.dispose();
  if (face === undefined) throw new Error(`No face was found in ${photoPath}.`);
  const start = fitLandmarks(model, face, { widthPx: photo.width, heightPx: photo.height });
  const { mask, delit } = observeSkin({
    photo,
    model,
    positions: evaluateModel(model, start.parameters.identity, start.parameters.expression),
    camera: start.parameters.camera,
    landmarks: face.landmarks.points,
  });
  const programs = (of: Runtime): JointPrograms =>
    createJointPrograms({ model, texture, identity, runtime: of });

  // All arrays are made once: both sides, and every session of ours, read the same.
  const maker = programs(runtime);
  const { context } = maker;
  const { sizes } = context;
  const shape = stageShape(STAGE, context, identity.sizePx);
  const size = shape.sizePx;
  const state = createPhotoState(
    { photo, landmarks: face.landmarks, start, mask, light: delit.light },
    context,
  );
  const person = {
    units: { identity: some(sizes.identity, 1, 0.2), texture: some(sizes.texture, 2, 0.5) },
    starts: { identity: start.parameters.identity, texture: new Float32Array(sizes.texture) },
  };
  // Inside of its limits: at a limit each side may choose its own gradient.
  state.units.expression.set(some(sizes.expression, 3, 0.1, 0.3));
  state.units.rotation.set(some(3, 4, 0.5));
  state.units.translation.set(some(3, 5, 0.5));
  state.units.focal.set(some(1, 6, 0.5));
  state.units.light.set(some(27, 7, 0.3));
  const parameters: ProgramArrays = {
    ...parameterArrays(person, state, context, size),
    ...viewArrays(model, context, (points) => identity.cropOf(points)),
  };
  const geometry = await maker.geometry(true);
  const { heads, projected, random: randomProjected } = await geometry.run(parameters);
  const features = await maker.features();
  const crops = cropsOf(state, context, size);
  const seen = await features.run({ image: crops.photo });
  const rasterise = (): ProgramArrays => ({
    ...rasterArrays(context, 'raster', projected, size),
    ...rasterArrays(context, 'random.raster', randomProjected, size),
  });
  const all: ProgramArrays = {
    ...parameters,
    heads,
    ...rasterise(),
    photo: crops.photo,
    mask: crops.mask,
    landmarks: crops.landmarks,
    landmarkWeights: crops.landmarkWeights,
    eyeDistance: crops.eyeDistance,
    weights: Float32Array.from(shape.losses, (name) => STAGE.losses[name] ?? 0),
  };
  for (const [name, value] of Object.entries(seen)) all[`target.${name}`] = value;
  await maker.dispose();
  const smooth: ProgramArrays = {
    ...all,
    ...smoothRaster('raster', all, projected, model, size),
    ...smoothRaster('random.raster', all, randomProjected, model, size),
  };
  const plain: ProgramArrays = {
    ...smooth,
    weights: Float32Array.from(shape.losses, (name) =>
      NETWORK_LOSSES.includes(name) ? 0 : (STAGE.losses[name] ?? 0),
    ),
  };

  return {
    programs,
    vertices: model.vertexCount,
    pixels: ['raster', 'random.raster'].map((view) => covered(all[`${view}.shown`])),
    groups: shape.free.map((name) => ({ name, size: sizes[name] })),
    terms: shape.losses,
    open: async (of) => {
      const iteration = await of.iteration(shape);
      return {
        geometry: await of.geometry(true),
        iteration,
        geometryInputs: parameters,
        inputs: Object.fromEntries(iteration.inputs.map(({ name }) => [name, all[name]])),
        comparedInputs: {
          smooth: Object.fromEntries(iteration.inputs.map(({ name }) => [name, smooth[name]])),
          plain: Object.fromEntries(iteration.inputs.map(({ name }) => [name, plain[name]])),
        },
        rasterise,
      };
    },
    smoothPixels: ['raster', 'random.raster'].map((view) => covered(smooth[`${view}.shown`])),
    write: (folder, of) => {
      const embedding = context.embedding;
      const arrays = { whole: all, smooth, plain }[of];
      writeArrays(
        folder,
        {
          ...arrays,
          ...rasterForPeer('raster', arrays, model),
          ...rasterForPeer('random.raster', arrays, model),
          'model.mean': model.mean,
          'model.identity': model.identity.deltas,
          'model.expression': model.expression.deltas,
          'model.triangles': Int32Array.from(model.triangles),
          'model.uvs': model.uvs,
          'landmark.vertices': landmarkVertices(model, embedding),
          'landmark.barycentric': embedding.barycentric,
          pivot: context.pivot,
          ...(textureName === 'linear'
            ? {
                'texture.mean': linear.mean,
                'texture.coarse': linear.coarse,
                'texture.detail': linear.detail,
              }
            : nodes?.constants),
        },
        {
          texture: textureName,
          generator: nodes?.settings,
          textureSize: TEXTURE_PX,
          coarseSize: linear.coarseSize,
          box: [linear.box.x, linear.box.y, linear.box.width, linear.box.height],
          size,
          losses: shape.losses,
          groups: shape.free,
          units: PARAMETER_UNITS,
          layers: Object.keys(context.features).filter((name) => name !== 'embedding'),
          networks: networksFolder(),
        },
      );
    },
  };
}

/** [L, 3] */
function landmarkVertices(
  model: MorphableModel,
  { count, triangle }: { readonly count: number; readonly triangle: ArrayLike<number> },
): Int32Array {
  return Int32Array.from(
    { length: count * 3 },
    (_, i) => model.triangles[triangle[Math.floor(i / 3)] * 3 + (i % 3)],
  );
}

/** The random view of a fixed key, as the fit draws one in every step. */
function viewArrays(
  model: MorphableModel,
  { pivot, embedding }: JointPrograms['context'],
  cropOf: (landmarks: Float32Array) => Float32Array,
): ProgramArrays {
  const view = randomView(model, random.key(7), pivot);
  const values = cameraValues(view.camera);
  const positions = evaluateModel(model, new Float32Array(model.identity.count), view.expression);
  const dense = project(view.camera, landmarkPositions(model, embedding, positions));
  const points = new Float32Array(478 * 3);
  points.set(dense.subarray(0, Math.min(dense.length, points.length)));
  return {
    'random.expression': view.expression,
    'random.rotation': values.rotation,
    'random.translation': values.translation,
    'random.logFocal': values.logFocal,
    'random.centre': values.centre,
    'random.light': view.light,
    'random.crop': cropOf(points),
  };
}

function covered(shown: Float32Array | Int32Array): number {
  let count = 0;
  for (const code of shown) if (code !== 0) count++;
  return count;
}

/** What the peer reads of a raster: vertices and chart corners of each pixel's triangle, whether there is one, and whether it shows its outside. */
function rasterForPeer(prefix: string, arrays: ProgramArrays, model: MorphableModel): ProgramArrays {
  const shown = arrays[`${prefix}.shown`];
  const cornersOf = (of: Uint32Array): Int32Array =>
    Int32Array.from({ length: shown.length * 3 }, (_, i) => {
      const code = shown[Math.floor(i / 3)];
      return code === 0 ? 0 : of[(Math.abs(code) - 1) * 3 + (i % 3)];
    });
  return {
    [`${prefix}.corners`]: cornersOf(model.triangles),
    [`${prefix}.uvCorners`]: cornersOf(model.uvTriangles),
    [`${prefix}.coverage`]: Float32Array.from(shown, (code) => (code === 0 ? 0 : 1)),
    [`${prefix}.facing`]: Float32Array.from(shown, (code) => (code > 0 ? 1 : 0)),
  };
}

/** Barycentrics as near to 0, and texels as near to a boundary between two, as this are left out of the comparison. */
const EDGE = 2e-3;
/** So are triangles lower than this many pixels, in which our gradient is bounded (`pixelBarycentrics`) and the peer's is not. */
const SLIVER_PX = 0.301;

/** `prefix.shown` without the pixels at which a rounding error changes the gradient. */
function smoothRaster(
  prefix: string,
  arrays: ProgramArrays,
  projected: Float32Array,
  { triangles, uvTriangles, uvs }: MorphableModel,
  size: number,
): ProgramArrays {
  const shown = arrays[`${prefix}.shown`].slice();
  for (let i = 0; i < shown.length; i++) {
    if (shown[i] === 0) continue;
    const first = (Math.abs(shown[i]) - 1) * 3;
    const at = [0, 1, 2].map((k) => {
      const vertex = triangles[first + k] * 3;
      return projected.subarray(vertex, vertex + 3);
    });
    const [x, y] = [(i % size) + 0.5, Math.floor(i / size) + 0.5];
    const areas = [0, 1, 2].map((k) => {
      const [p, q] = [at[(k + 1) % 3], at[(k + 2) % 3]];
      return (p[0] - x) * (q[1] - y) - (q[0] - x) * (p[1] - y);
    });
    const whole = areas[0] + areas[1] + areas[2];
    const shares = areas.map((area, k) => area / at[k][2]);
    const total = shares[0] + shares[1] + shares[2];
    const barycentrics = shares.map((share) => share / total);
    const texel = [0, 1].map((c) => {
      let value = 0;
      for (let k = 0; k < 3; k++) value += barycentrics[k] * uvs[uvTriangles[first + k] * 2 + c];
      return value * TEXTURE_PX - 0.5;
    });
    const sides = [0, 1, 2].map((k) => {
      const [p, q] = [at[k], at[(k + 1) % 3]];
      return Math.hypot(p[0] - q[0], p[1] - q[1]);
    });
    const jumps =
      Math.abs(whole) < SLIVER_PX * Math.max(...sides) ||
      Math.min(...barycentrics) < EDGE ||
      texel.some((value) => Math.abs(value - Math.round(value)) < EDGE);
    if (jumps) shown[i] = 0;
  }
  return { [`${prefix}.shown`]: shown };
}

/** Numbers of a formula: no two alike, none of them zero by accident. */
function some(count: number, seed: number, scale: number, offset = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => offset + scale * hashed(i, seed));
}

/** One file of little-endian numbers for all arrays, and a JSON that says where each lies. */
function writeArrays(folder: string, arrays: ProgramArrays, settings: object): void {
  mkdirSync(folder, { recursive: true });
  const entries: Record<string, { dtype: string; offset: number; length: number }> = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, values] of Object.entries(arrays)) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const dtype = values instanceof Int32Array ? 'int32' : 'float32';
    entries[name] = { dtype, offset, length: values.length };
    parts.push(bytes);
    offset += bytes.length;
  }
  writeFileSync(join(folder, 'arrays.bin'), Buffer.concat(parts));
  writeFileSync(join(folder, 'problem.json'), JSON.stringify({ ...settings, arrays: entries }));
}
