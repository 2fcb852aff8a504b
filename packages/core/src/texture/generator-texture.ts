/**
 * A generator network as texture model: any ONNX file from a latent to an image in a head's chart, with a small JSON beside it
 * that says what the file does not.
 */
import {
  concat,
  mul,
  reshape,
  slice,
  sub,
  transpose,
  type ImportedModel,
  type Tensor,
} from '@likeness/graph';
import { ModelFileError } from '../model/index.ts';
import { encodeTexture, type TextureEncoder } from './texture-encoder.ts';
import type { TextureModel } from './texture-model.ts';

/** The JSON beside a generator's ONNX file. */
export interface GeneratorDescription {
  /** `likeness-texture-generator/1`. */
  readonly format: string;
  readonly name: string;
  readonly version: string;
  /** The head model whose chart the image is drawn in. */
  readonly headModel: string;
  readonly latentSize: number;
  /** Texels per side of the image. */
  readonly size: number;
  /** What the network gives for black and white, sRGB-encoded; [-1, 1] for most. */
  readonly range: readonly [number, number];
  /** Where the channels stand (default `nchw`). */
  readonly layout?: 'nchw' | 'nhwc';
  /** Output to take where the file has several (default the first). */
  readonly output?: string;
  /** File beside it with the encoder that inversions start from (`likeness-texture-encoder/1`); they search without one. */
  readonly encoder?: string;
}

export const GENERATOR_FORMAT = 'likeness-texture-generator/1';

/** @throws ModelFileError naming what is missing or wrong */
export function readGeneratorDescription(json: unknown): GeneratorDescription {
  const found = (typeof json === 'object' && json !== null ? json : {}) as Partial<GeneratorDescription>;
  const expect = (holds: boolean, what: string): void => {
    if (!holds) throw new ModelFileError(`The generator's JSON is wrong: it needs ${what}.`);
  };
  const whole = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
  expect(found.format === GENERATOR_FORMAT, `"format": "${GENERATOR_FORMAT}"`);
  for (const key of ['name', 'version', 'headModel'] as const)
    expect(typeof found[key] === 'string' && found[key] !== '', `"${key}", a text`);
  for (const key of ['latentSize', 'size'] as const) expect(whole(found[key]), `"${key}", a whole number`);
  const range: unknown = found.range;
  expect(
    Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] < range[1],
    '"range", two rising numbers',
  );
  expect(found.layout === undefined || ['nchw', 'nhwc'].includes(found.layout), '"layout" nchw or nhwc');
  expect(found.output === undefined || typeof found.output === 'string', '"output", a text');
  expect(found.encoder === undefined || typeof found.encoder === 'string', '"encoder", a file name');
  return found as GeneratorDescription;
}

/**
 * @param network an imported generator with one input of `latentSize` numbers
 * @param encoder where inversions start
 * @throws ModelFileError where network and description do not fit each other
 */
export function generatorTexture(
  network: ImportedModel,
  description: GeneratorDescription,
  encoder?: TextureEncoder,
): TextureModel {
  const { latentSize, size, range, layout = 'nchw' } = description;
  const [input, ...others] = network.inputs;
  const numbers = input?.shape.slice(1).reduce((a, b) => a * b, 1);
  if (others.length > 0 || input === undefined || numbers !== latentSize)
    throw new ModelFileError(
      `The generator ${description.name} should have one input of ${latentSize} numbers, but its file has ` +
        `${network.inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ') || 'none'}.`,
    );
  if (encoder && (encoder.latentSize !== latentSize || encoder.mapSize !== size))
    throw new ModelFileError(
      `The encoder of the generator ${description.name} is for ${encoder.latentSize} numbers and ${encoder.mapSize} texels, not for ${latentSize} and ${size}.`,
    );
  const output = description.output ?? network.outputNames[0];
  const expected = layout === 'nchw' ? [3, size, size] : [size, size, 3];
  const one = (latent: Tensor): Tensor => {
    const given = reshape(latent, [1, ...input.shape.slice(1)]);
    const image = network.apply({ [input.name]: given }, [output])[output];
    if (image.rank !== 4 || image.shape.slice(1).join() !== expected.join())
      throw new ModelFileError(
        `The generator ${description.name} should draw [1, ${expected.join(', ')}], but draws [${image.shape.join(', ')}].`,
      );
    const planar = layout === 'nchw' ? image : transpose(image, [0, 3, 1, 2]);
    const [low, high] = range;
    return low === 0 && high === 1 ? planar : mul(sub(planar, low), 1 / (high - low));
  };
  return {
    name: description.name,
    version: description.version,
    headModel: description.headModel,
    latentSize,
    size,
    ...(encoder ? { encode: (target, confidence) => encodeTexture(encoder, target, confidence) } : {}),
    // A file has a fixed batch: one latent after the other.
    generate: (latent) =>
      latent.shape[0] === 1
        ? one(latent)
        : concat(
            Array.from({ length: latent.shape[0] }, (_, i) =>
              one(slice(latent, [i, 0], [i + 1, latentSize])),
            ),
            0,
          ),
  };
}
