/**
 * Any ArcFace-style recogniser as a differentiable identity network: an ONNX file from an aligned face to an embedding, with a
 * small JSON beside it for what the file does not say. What neither says is guessed, and the guesses are told.
 */
import {
  concat,
  constant,
  ImportError,
  importOnnx,
  mul,
  normalize,
  readOnnxInputs,
  reshape,
  sliceAxis,
  sub,
  trace,
  transpose,
  type ImportedModel,
  type Tensor,
} from '@likeness/graph';
import { invertAffine, squareToImage } from '../image/index.ts';
import { FACERES_DEFAULTS } from './face-res.ts';
import { regionOfLandmarks } from './face-region.ts';
import { arcFaceTemplate, fivePoints, similarityOf } from './five-point-alignment.ts';
import {
  IdentityNetworkError,
  readIdentityDescription,
  type IdentityNetworkDescription,
} from './identity-description.ts';
import { cropMatrix, type DifferentiableIdentityNetwork, type IdentityFeatures } from './identity-network.ts';
import { intermediateActivations, operationsBeforeMixing } from './network-layers.ts';

export interface ArcFaceNetwork extends DifferentiableIdentityNetwork {
  /** Everything that was used, given or guessed. */
  readonly description: Required<Omit<IdentityNetworkDescription, 'licence' | 'source' | 'activations'>>;
  readonly embeddingLength: number;
  /** One sentence for each thing that was guessed; to be shown to the user. */
  readonly guessed: readonly string[];
}

/** What ArcFace training scales 8-bit values by, where the network does not do it itself. */
const USUAL_SCALE = 127.5;
const USUAL_SIZE_PX = 112;
/** Shorter outputs are class scores or coordinates, not embeddings. */
const SHORTEST_EMBEDDING = 16;

/**
 * @param bytes of the `.onnx` file
 * @param description the parsed JSON beside it (`readIdentityDescription` checks it), or nothing
 * @throws IdentityNetworkError where file and description do not make an identity network; ImportError where the file cannot be read
 */
export function arcFaceNetwork(
  bytes: Uint8Array,
  description: IdentityNetworkDescription = {},
): ArcFaceNetwork {
  const given = readIdentityDescription(description);
  const guessed: string[] = [];
  const choose = <T>(value: T | undefined, guess: T, words: string): T => {
    if (value !== undefined) return value;
    guessed.push(words);
    return guess;
  };
  const { model, layout, sizePx, fileBatch } = openModel(bytes, given, choose);
  const input = model.inputs[0].name;
  const output = outputOf(model, given.output, choose);
  const channels = choose(given.channels, 'rgb', 'colours come in the order red, green, blue (not told)');
  const normalises = normalisesItself(model, input, output, layout, sizePx, fileBatch);
  const why = normalises
    ? 'the graph scales its input itself, so it gets plain 8-bit values'
    : `8-bit values are scaled by (v - ${USUAL_SCALE}) / ${USUAL_SCALE}, as ArcFace does`;
  const mean = given.mean ?? (normalises ? 0 : USUAL_SCALE);
  const std = given.std ?? (normalises ? 1 : USUAL_SCALE);
  if (given.mean === undefined) guessed.push(why);
  const alignment = choose(given.alignment, 'arcface', "faces are aligned by ArcFace's five points");
  const cropScale = given.cropScale ?? FACERES_DEFAULTS.cropScale;
  const name = given.name ?? 'arcface';

  const row = (values: number | readonly number[]): readonly number[] =>
    typeof values === 'number' ? [values, values, values] : values;
  const perChannel = (values: readonly number[]): Tensor => constant(Float32Array.from(values), [1, 3, 1, 1]);
  // (255 v - mean) / std on values 0..1, as one factor and one offset a channel.
  const factors = perChannel(row(std).map((s) => 255 / s));
  const offsets = perChannel(row(std).map((s, c) => row(mean)[c] / s));

  /** Normalised pictures as the file wants them. */
  const prepare = (image: Tensor): Tensor => {
    const ordered =
      channels === 'rgb'
        ? image
        : concat(
            [2, 1, 0].map((c) => sliceAxis(image, 1, c, c + 1)),
            1,
          );
    const scaled = sub(mul(ordered, factors), offsets);
    return layout === 'nchw' ? scaled : transpose(scaled, [0, 2, 3, 1]);
  };
  /** What the file computes of a batch; undefined where it does not bear that batch. */
  const run = (pixels: Tensor): IdentityFeatures | undefined => {
    const n = pixels.shape[0];
    const named = given.activations ?? [];
    let found: Record<string, Tensor>;
    try {
      found = model.apply({ [input]: pixels }, [output, ...named]);
    } catch (error) {
      if (n === fileBatch) throw error;
      return undefined;
    }
    const embedding = found[output];
    if (embedding.shape[0] !== n) return undefined;
    const activations = given.activations
      ? Object.fromEntries(named.map((layer) => [layer, found[layer]]))
      : intermediateActivations(pixels, embedding);
    return { embedding: reshape(embedding, [n, embedding.size / n]), activations };
  };
  const features = (image: Tensor): IdentityFeatures => {
    const pixels = prepare(image);
    return run(pixels) ?? inFileBatches(pixels, fileBatch, run);
  };

  // Traced once here, so that a file that is no identity network is refused before any fit begins.
  let embeddingLength = 0;
  trace(
    ({ image }) => {
      const { embedding } = features(image);
      embeddingLength = embedding.shape[1];
      return embedding;
    },
    { image: { shape: [fileBatch, 3, sizePx, sizePx] } },
  );
  if (embeddingLength < SHORTEST_EMBEDDING)
    throw new IdentityNetworkError(
      `The identity network ${name} gives ${embeddingLength} numbers by its output "${output}", too few for an embedding: name another one as "output" in its JSON.`,
    );

  const template = typeof alignment === 'string' ? arcFaceTemplate(sizePx) : alignment;
  return {
    name,
    sizePx,
    outside: 0,
    embeddingLength,
    guessed,
    description: {
      name,
      sizePx,
      layout,
      channels,
      mean,
      std,
      alignment,
      cropScale,
      output,
    },
    embed: (image) => {
      if (image.rank !== 4 || image.shape.slice(1).join() !== [3, sizePx, sizePx].join())
        throw new IdentityNetworkError(
          `The identity network ${name} looks at pictures of [n, 3, ${sizePx}, ${sizePx}], but got [${image.shape.join(', ')}].`,
        );
      const { embedding, activations } = features(image);
      return { embedding: normalize(embedding), activations };
    },
    cropOf: (landmarks) => {
      if (alignment === 'box')
        return cropMatrix(squareToImage(regionOfLandmarks(landmarks, cropScale), sizePx));
      // The template counts pixel centres at whole numbers, we at halves.
      const places = template.flatMap(([x, y]) => [x + 0.5, y + 0.5]);
      return cropMatrix(invertAffine(similarityOf(fivePoints(landmarks), places)));
    },
  };
}

type Choose = <T>(value: T | undefined, guess: T, words: string) => T;

/** Imports the file with its open extents settled. */
function openModel(
  bytes: Uint8Array,
  given: IdentityNetworkDescription,
  choose: Choose,
): {
  readonly model: ImportedModel;
  readonly layout: 'nchw' | 'nhwc';
  readonly sizePx: number;
  readonly fileBatch: number;
} {
  const inputs = readOnnxInputs(bytes);
  const shown = inputs.map(({ name, shape }) => `${name} [${shape?.join(', ') ?? '?'}]`).join(', ') || 'none';
  const wrong = (expected: string): IdentityNetworkError =>
    new IdentityNetworkError(
      `An identity network has one input, a batch of colour pictures (${expected}), but this file's are: ${shown}.`,
    );
  const shape = inputs[0]?.shape;
  if (inputs.length !== 1 || shape?.length !== 4) throw wrong('[n, 3, h, w] or [n, h, w, 3]');
  const seen = shape[1] === 3 ? 'nchw' : shape[3] === 3 ? 'nhwc' : undefined;
  if (seen === undefined && given.layout === undefined) throw wrong('[n, 3, h, w] or [n, h, w, 3]');
  const layout = choose(given.layout, seen ?? 'nchw', `the layout is ${seen}, by the file's input ${shown}`);
  const [channelAxis, rowAxis, columnAxis] = layout === 'nchw' ? [1, 2, 3] : [3, 1, 2];
  const sides = [shape[rowAxis], shape[columnAxis]].filter((side) => typeof side === 'number');
  const known = sides[0] as number | undefined;
  const channelCount = shape[channelAxis];
  if ((typeof channelCount === 'number' && channelCount !== 3) || sides.some((side) => side !== known))
    throw wrong(layout === 'nchw' ? '[n, 3, h, h]' : '[n, h, h, 3]');
  const sizePx = choose(
    given.sizePx,
    known ?? USUAL_SIZE_PX,
    known === undefined
      ? `pictures are ${USUAL_SIZE_PX} px (the file leaves it open)`
      : `pictures are ${known} px, by the file's input ${shown}`,
  );
  if (known !== undefined && known !== sizePx)
    throw new IdentityNetworkError(
      `The identity network's JSON says sizePx ${sizePx}, but its file takes ${known} px (${shown}).`,
    );
  const wanted = { [channelAxis]: 3, [rowAxis]: sizePx, [columnAxis]: sizePx };
  const dimensions = Object.fromEntries(
    shape.flatMap((extent, axis) =>
      axis > 0 && typeof extent === 'string' ? [[extent, wanted[axis]] as const] : [],
    ),
  );
  const model = importOnnx(bytes, { dimensions });
  return { model, layout, sizePx, fileBatch: model.inputs[0].shape[0] };
}

function outputOf(model: ImportedModel, wanted: string | undefined, choose: Choose): string {
  const { outputNames } = model;
  if (wanted !== undefined && !outputNames.includes(wanted) && !model.nodeNames.includes(wanted))
    throw new IdentityNetworkError(
      `The identity network's JSON names the output "${wanted}", which its file does not have; its outputs are ${outputNames.join(', ')}.`,
    );
  if (outputNames.length === 1) return wanted ?? outputNames[0];
  return choose(
    wanted,
    outputNames[0],
    `the embedding is the output "${outputNames[0]}", the first of ${outputNames.join(', ')}`,
  );
}

/** Whether pixels are shifted or scaled before the first layer: some exporters put that into the graph. */
function normalisesItself(
  model: ImportedModel,
  input: string,
  output: string,
  layout: 'nchw' | 'nhwc',
  sizePx: number,
  fileBatch: number,
): boolean {
  let found = false;
  const shape = layout === 'nchw' ? [fileBatch, 3, sizePx, sizePx] : [fileBatch, sizePx, sizePx, 3];
  try {
    trace(
      ({ pixels }) => {
        const computed = model.apply({ [input]: pixels }, [output])[output];
        found = operationsBeforeMixing(pixels, computed).some((name) =>
          ['sub', 'mul', 'div', 'add', 'batchNorm', 'channelAffine'].includes(name),
        );
        return computed;
      },
      { pixels: { shape } },
    );
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    throw new IdentityNetworkError(
      `The identity network cannot be used: ${error.message.replace(/\.$/, '')}.`,
      { cause: error },
    );
  }
  return found;
}

/** A file made for one batch size only: as many runs as it takes, the last one filled up with its own first picture. */
function inFileBatches(
  pixels: Tensor,
  fileBatch: number,
  run: (pixels: Tensor) => IdentityFeatures | undefined,
): IdentityFeatures {
  const n = pixels.shape[0];
  const parts: IdentityFeatures[] = [];
  for (let start = 0; start < n; start += fileBatch) {
    const count = Math.min(fileBatch, n - start);
    const some = sliceAxis(pixels, 0, start, start + count);
    const first = sliceAxis(pixels, 0, start, start + 1);
    const full =
      count === fileBatch
        ? some
        : concat([some, ...Array.from({ length: fileBatch - count }, () => first)], 0);
    const found = run(full);
    if (!found)
      throw new IdentityNetworkError(
        `The identity network gives another number of embeddings than the ${fileBatch} pictures it was given.`,
      );
    const cut = (tensor: Tensor): Tensor => (count === fileBatch ? tensor : sliceAxis(tensor, 0, 0, count));
    parts.push({
      embedding: cut(found.embedding),
      activations: Object.fromEntries(
        Object.entries(found.activations).map(([layer, value]) => [layer, cut(value)]),
      ),
    });
  }
  if (parts.length === 1) return parts[0];
  return {
    embedding: concat(
      parts.map(({ embedding }) => embedding),
      0,
    ),
    activations: Object.fromEntries(
      Object.keys(parts[0].activations).map((layer) => [
        layer,
        concat(
          parts.map(({ activations }) => activations[layer]),
          0,
        ),
      ]),
    ),
  };
}
