// A generator's ONNX file with its JSON is a texture model; what does not fit is said in a sentence.
import {
  compile,
  constant,
  exportOnnx,
  importOnnx,
  matmul,
  reshape,
  tanh,
  transpose,
  type ImportedModel,
} from '@likeness/graph';
import { nodeRuntime } from '@likeness/graph/node';
import { describe, expect, it } from 'vitest';
import {
  GENERATOR_FORMAT,
  generatorTexture,
  readGeneratorDescription,
  type GeneratorDescription,
} from '../../src/texture/index.ts';

const weights = Float32Array.from({ length: 4 * 48 }, (_, i) => Math.sin(1.7 * i));
const description: GeneratorDescription = {
  format: GENERATOR_FORMAT,
  name: 'toy',
  version: '1.0.0',
  headModel: 'toy-head',
  latentSize: 4,
  size: 4,
  range: [-1, 1],
};

function toy(layout: 'nchw' | 'nhwc'): ImportedModel {
  const file = exportOnnx(
    ({ z }) => {
      const image = reshape(tanh(matmul(z, constant(weights, [4, 48]))), [1, 3, 4, 4]);
      return { image: layout === 'nchw' ? image : transpose(image, [0, 2, 3, 1]) };
    },
    { z: { shape: [1, 4] } },
  );
  return importOnnx(file);
}

describe('generatorTexture', () => {
  it.each(['nchw', 'nhwc'] as const)('draws %s files as RGB in 0..1, several latents too', async (layout) => {
    const model = generatorTexture(toy(layout), { ...description, layout });
    const z = Float32Array.of(0.1, -0.4, 0.7, 0.2, -1, 0.5, 0.3, 0.9);
    const program = await compile(
      ({ latent }) => model.generate(latent),
      { latent: { shape: [2, 4] } },
      {
        runtime: nodeRuntime({ threads: 1 }),
      },
    );
    const { output } = await program.run({ latent: z });
    await program.dispose();
    expect(output).toHaveLength(96);
    for (const n of [0, 1])
      for (let i = 0; i < 48; i++) {
        let sum = 0;
        for (let k = 0; k < 4; k++) sum += z[n * 4 + k] * weights[k * 48 + i];
        expect(output[n * 48 + i]).toBeCloseTo((Math.tanh(sum) + 1) / 2, 5);
      }
  });

  it('refuses files that the JSON does not describe', () => {
    expect(() => generatorTexture(toy('nchw'), { ...description, latentSize: 8 })).toThrow(
      /should have one input of 8 numbers, but its file has z \[1, 4\]/,
    );
    const model = generatorTexture(toy('nchw'), { ...description, size: 8 });
    const draw = (): Uint8Array => exportOnnx(({ z }) => model.generate(z), { z: { shape: [1, 4] } });
    expect(draw).toThrow(/should draw \[1, 3, 8, 8\], but draws \[1, 3, 4, 4\]/);
  });

  it.each([
    [null, /"format"/],
    [{ ...description, format: 'other' }, /"format"/],
    [{ ...description, headModel: '' }, /"headModel", a text/],
    [{ ...description, latentSize: 1.5 }, /"latentSize", a whole number/],
    [{ ...description, range: [1, -1] }, /"range", two rising numbers/],
    [{ ...description, layout: 'chw' }, /"layout"/],
  ])('says what is wrong with %j', (json, message) => {
    expect(() => readGeneratorDescription(json)).toThrow(message);
  });

  it('reads a good one', () => {
    expect(readGeneratorDescription(JSON.parse(JSON.stringify(description)))).toEqual(description);
  });
});
