/**
 * One iteration of the joint fit as one program: both renders, the identity network on both, every term and the gradient by
 * everything that is free. Which triangle is seen where comes in from outside, found between two runs.
 */
import {
  add,
  concat,
  gradients,
  mul,
  reshape,
  sliceAxis,
  sub,
  sum,
  type Tensor,
  type TensorSpec,
} from '@likeness/graph';
import type { DifferentiableIdentityNetwork } from '../../analysis/index.ts';
import { projectVertices } from '../../camera/index.ts';
import {
  contentLoss,
  identityLoss,
  landmarkLoss,
  latentBoundLoss,
  pixelLoss,
  regularisationLoss,
} from '../../losses/index.ts';
import type { LandmarkEmbedding, LandmarkModel, MorphableModel } from '../../model/index.ts';
import {
  packedRasterSpecs,
  renderFace,
  type PackedRasterTensors,
  type RenderedFace,
} from '../../render/index.ts';
import { textureAtSize, type TextureModel } from '../../texture/index.ts';
import { headPositions, headVertices, knownHeadVertices, landmarkPlaces } from './head-shape.ts';
import type { ParameterSizes } from './parameters.ts';
import {
  naturalTensors,
  parameterSpecs,
  prefixed,
  randomCamera,
  randomSpecs,
  type NaturalTensors,
} from './program-inputs.ts';
import {
  LOSS_NAMES,
  NETWORK_LOSSES,
  uses,
  type LossName,
  type ParameterGroup,
  type Stage,
} from './stages.ts';

/** What all programs of a fit share. */
export interface ProgramContext {
  readonly model: MorphableModel;
  readonly texture: TextureModel;
  readonly identity: DifferentiableIdentityNetwork | undefined;
  readonly embedding: LandmarkEmbedding;
  /** The model cut down to the embedding's landmarks. */
  readonly landmarks: LandmarkModel;
  readonly pivot: Float32Array;
  readonly sizes: ParameterSizes;
  /** Shape of the network's embedding, and of its activations by name; empty without a network. */
  readonly features: Readonly<Record<string, readonly number[]>>;
}

export type Inputs = Readonly<Record<string, Tensor>>;

/** A program as `compile` takes it. */
export interface TracedProgram {
  readonly specs: Readonly<Record<string, TensorSpec>>;
  readonly fn: (inputs: Inputs) => Readonly<Record<string, Tensor>>;
  /** Inputs that are the same arrays in many runs. */
  readonly kept?: readonly string[];
}

/** What a stage looks like to the programs: two stages with the same shape share one. */
export interface StageShape {
  readonly free: readonly ParameterGroup[];
  readonly losses: readonly LossName[];
  /** Side of the pictures in pixels. */
  readonly sizePx: number;
  readonly textureSize: number;
}

/** What lies behind the head in the random view, sRGB: a plain wall. */
const WALL = 0.5;

/** Prefixes of the rasters that the terms draw from. */
export function viewsOf(losses: readonly LossName[]): string[] {
  return [
    ...(drawsPhoto(losses) ? ['raster'] : []),
    ...(losses.includes('identityRandom') ? ['random.raster'] : []),
  ];
}

function drawsPhoto(losses: readonly LossName[]): boolean {
  return losses.some((name) => name === 'pixel' || name === 'identity' || name === 'content');
}

/** Side of the render that a stage gets. */
export function stageShape(stage: Stage, context: ProgramContext, defaultPx: number): StageShape {
  const losses = LOSS_NAMES.filter((name) => uses(stage, name));
  const asks = losses.some((name) => NETWORK_LOSSES.includes(name));
  return {
    free: stage.free,
    losses,
    sizePx: asks && context.identity ? context.identity.sizePx : (stage.renderSizePx ?? defaultPx),
    textureSize: Math.min(stage.textureSize ?? context.texture.size, context.texture.size),
  };
}

/**
 * Inputs: parameters, the vertices that they make (`geometryProgram`), raster of both views, the photo's crop [1, 3, N, N], its mask [1, 1, N, N], landmarks and what the network
 * saw in the photo; `weights` [terms] in the order of `shape.losses`.
 * Rasters are packed (`packedRasterSpecs`) with room for so many pixels; a stage that draws nothing needs none.
 * Outputs: `loss` [1], `terms` [terms], `gradient` [all free values, in the order of `shape.free`].
 */
export function iterationProgram(context: ProgramContext, shape: StageShape, room: number): TracedProgram {
  const { sizes, embedding, features } = context;
  const { sizePx, losses } = shape;
  const size = { width: sizePx, height: sizePx };
  const has = (name: LossName): boolean => losses.includes(name);
  const specs: Record<string, TensorSpec> = {
    ...parameterSpecs(sizes),
    weights: { shape: [losses.length] },
  };
  const raster = packedRasterSpecs(size, room);
  const renders = drawsPhoto(losses);
  if (renders) {
    Object.assign(specs, prefixed('raster', raster));
    specs['photo'] = { shape: [1, 3, sizePx, sizePx] };
    specs['mask'] = { shape: [1, 1, sizePx, sizePx] };
  }
  if (viewsOf(losses).length > 0)
    specs['heads'] = { shape: [has('identityRandom') ? 2 : 1, context.model.vertexCount * 3] };
  if (has('landmark')) {
    specs['landmarks'] = { shape: [embedding.count, 2] };
    specs['landmarkWeights'] = { shape: [embedding.count] };
    specs['eyeDistance'] = { shape: [1] };
  }
  if (has('identityRandom')) {
    Object.assign(specs, randomSpecs(sizes), prefixed('random.raster', raster));
  }
  if (has('identity') || has('identityRandom')) specs['target.embedding'] = { shape: features['embedding'] };
  if (has('content')) {
    for (const [name, dims] of Object.entries(features))
      if (name !== 'embedding') specs[`target.${name}`] = { shape: dims };
  }
  return {
    specs,
    // What the network saw in the photo is found once.
    kept: Object.keys(specs).filter((name) => name.startsWith('target.')),
    fn: (inputs) => {
      const terms = stageTerms(context, shape, inputs, renders);
      const values = concat(
        losses.map((name) => reshape(terms[name] as Tensor, [1])),
        0,
      );
      const loss = sum(mul(values, inputs['weights']));
      const found = gradients(
        loss,
        shape.free.map((group) => inputs[`unit.${group}`]),
      );
      return { loss: reshape(loss, [1]), terms: values, gradient: concat(found, 0) };
    },
  };
}

function stageTerms(
  context: ProgramContext,
  { losses, sizePx, textureSize }: StageShape,
  inputs: Inputs,
  renders: boolean,
): Partial<Record<LossName, Tensor>> {
  const { model, identity, pivot, embedding } = context;
  const has = (name: LossName): boolean => losses.includes(name);
  const natural = naturalTensors(inputs, pivot);
  const views = has('identityRandom')
    ? concat([natural.expression, inputs['random.expression']], 0)
    : natural.expression;
  const drawn = renders || has('identityRandom');
  const positions = drawn
    ? headPositions(knownHeadVertices(model, natural.identity, views, inputs['heads']))
    : [];
  const texture = drawn ? textureAtSize(context.texture, textureSize).generate(natural.texture) : undefined;
  const terms: Partial<Record<LossName, Tensor>> = {};

  let own: RenderedFace | undefined;
  const pictures: Tensor[] = [];
  if (renders && texture) {
    own = renderOwn(context, inputs, natural, positions[0], texture, sizePx);
    const shown = mul(inputs['mask'], own.coverage);
    if (has('pixel')) terms.pixel = pixelLoss(inputs['photo'], own.image, shown);
    if (has('identity') || has('content')) pictures.push(over(inputs['photo'], own.image, shown));
  }
  if (has('identityRandom') && texture) {
    const random = renderFace({
      positions: positions[1],
      triangles: model.triangles,
      uvs: model.uvs,
      texture,
      camera: randomCamera(inputs),
      crop: inputs['random.crop'],
      light: { kind: 'harmonics', coefficients: inputs['random.light'] },
      raster: rasterTensors(inputs, 'random.raster'),
      size: { width: sizePx, height: sizePx },
      background: WALL,
    });
    pictures.push(random.image);
  }
  if (pictures.length > 0 && identity) {
    const seen = identity.embed(pictures.length === 1 ? pictures[0] : concat(pictures, 0));
    const row = (tensor: Tensor, i: number): Tensor =>
      pictures.length === 1 ? tensor : sliceAxis(tensor, 0, i, i + 1);
    if (has('identity')) terms.identity = identityLoss(inputs['target.embedding'], row(seen.embedding, 0));
    if (has('identityRandom'))
      terms.identityRandom = identityLoss(
        inputs['target.embedding'],
        row(seen.embedding, pictures.length - 1),
      );
    if (has('content')) {
      const names = Object.keys(seen.activations);
      terms.content = contentLoss(
        Object.fromEntries(names.map((name) => [name, inputs[`target.${name}`]])),
        Object.fromEntries(names.map((name) => [name, row(seen.activations[name], 0)])),
        { normalise: 'rms' },
      );
    }
  }
  if (has('landmark')) {
    const places = landmarkPlaces(model, embedding, natural.identity, natural.expression);
    terms.landmark = landmarkLoss(
      inputs['landmarks'],
      projectVertices(places, natural.camera, inputs['crop']),
      inputs['landmarkWeights'],
      { unit: inputs['eyeDistance'] },
    );
  }
  const meanSquare = (x: Tensor): Tensor => regularisationLoss(x, { reduction: 'mean' });
  if (has('identityPrior')) terms.identityPrior = meanSquare(natural.identity);
  if (has('expressionPrior')) terms.expressionPrior = meanSquare(natural.expression);
  if (has('latent')) terms.latent = meanSquare(natural.texture);
  if (has('latentBound')) terms.latentBound = latentBoundLoss(natural.texture);
  if (has('lightPrior')) terms.lightPrior = greyness(natural.light);
  if (has('identityStart')) terms.identityStart = meanSquare(inputs['unit.identity']);
  if (has('expressionStart')) terms.expressionStart = meanSquare(inputs['unit.expression']);
  if (has('textureStart')) terms.textureStart = meanSquare(inputs['unit.texture']);
  if (has('cameraStart'))
    terms.cameraStart = meanSquare(
      concat([inputs['unit.rotation'], inputs['unit.translation'], inputs['unit.focal']], 0),
    );
  if (has('lightStart')) terms.lightStart = meanSquare(inputs['unit.light']);
  return terms;
}

function renderOwn(
  { model }: ProgramContext,
  inputs: Inputs,
  natural: NaturalTensors,
  positions: Tensor,
  texture: Tensor,
  sizePx: number,
): RenderedFace {
  return renderFace({
    positions,
    triangles: model.triangles,
    uvs: model.uvs,
    texture,
    camera: natural.camera,
    crop: inputs['crop'],
    light: { kind: 'harmonics', coefficients: natural.light },
    raster: rasterTensors(inputs, 'raster'),
    size: { width: sizePx, height: sizePx },
  });
}

/** All inputs that start with the prefix: the raster's arrays as `renderFace` takes them. */
function rasterTensors(inputs: Inputs, prefix: string): PackedRasterTensors {
  const found = Object.entries(inputs)
    .filter(([name]) => name.startsWith(`${prefix}.`))
    .map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]);
  return Object.fromEntries(found);
}

/** `front` where `mask` is 1, `behind` where it is 0. */
function over(behind: Tensor, front: Tensor, mask: Tensor): Tensor {
  return add(behind, mul(mask, sub(front, behind)));
}

/**
 * Light is nearly grey: how far each channel's coefficients are from the mean over channels, relative to its strength. What
 * is not grey then goes to the skin.
 */
function greyness(light: Tensor): Tensor {
  const grey = mul(sum(light, { axes: [0], keepDims: true }), 1 / 3);
  const off = sub(light, grey);
  return mul(sum(mul(off, off)), 1 / 3);
}

/**
 * The two projections that the rasteriser needs. Outputs: `heads` [views, V * 3], which the iteration takes, `projected` [V, 3] and, for stages
 * that draw it, `random` [V, 3].
 */
export function geometryProgram(context: ProgramContext, withRandom: boolean): TracedProgram {
  const { sizes, model, pivot } = context;
  return {
    specs: { ...parameterSpecs(sizes), ...(withRandom ? randomSpecs(sizes) : {}) },
    fn: (inputs) => {
      const natural = naturalTensors(inputs, pivot);
      const views = withRandom
        ? concat([natural.expression, inputs['random.expression']], 0)
        : natural.expression;
      const heads = headVertices(model, natural.identity, views);
      const positions = headPositions(heads);
      const projected = projectVertices(positions[0], natural.camera, inputs['crop']);
      return withRandom
        ? {
            heads,
            projected,
            random: projectVertices(positions[1], randomCamera(inputs), inputs['random.crop']),
          }
        : { heads, projected };
    },
  };
}

/** The picture alone. Outputs: `image` [1, 3, N, N] of the head, `over` the same over the photo's crop by mask. */
export function renderProgram(
  context: ProgramContext,
  { sizePx, textureSize }: Pick<StageShape, 'sizePx' | 'textureSize'>,
  room: number,
): TracedProgram {
  const size = { width: sizePx, height: sizePx };
  return {
    specs: {
      ...parameterSpecs(context.sizes),
      ...prefixed('raster', packedRasterSpecs(size, room)),
      photo: { shape: [1, 3, sizePx, sizePx] },
      mask: { shape: [1, 1, sizePx, sizePx] },
    },
    fn: (inputs) => {
      const natural = naturalTensors(inputs, context.pivot);
      const [positions] = headPositions(headVertices(context.model, natural.identity, natural.expression));
      const texture = textureAtSize(context.texture, textureSize).generate(natural.texture);
      const own = renderOwn(context, inputs, natural, positions, texture, sizePx);
      return {
        image: own.image,
        over: over(inputs['photo'], own.image, own.coverage),
        masked: over(inputs['photo'], own.image, mul(inputs['mask'], own.coverage)),
      };
    },
  };
}
