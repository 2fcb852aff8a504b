// Gradients through whole imported networks, by the picture: the derivative along one direction against a central
// difference of the forward pass.
import { describe, expect, it } from 'vitest';
import { compile, constant, importTfjs, mul, sum, valueAndGrad, type Tensor } from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { formulaImage, HUMAN_NETWORKS } from '../fixtures/human-fixtures.ts';
import { readHumanNetwork } from '../fixtures/read-human.ts';

/** Steps along the unit gradient: small, because ReLUs switch; larger for faceres, whose outputs are tiny. */
const STEPS: Readonly<Record<string, number>> = { faceres: 0.03 };

/** Weighted sum of an output; the weights are of both signs and depend on the index alone. */
function weighted(x: Tensor): Tensor {
  return sum(
    mul(
      x,
      constant(
        Float32Array.from({ length: x.size }, (_, i) => ((i * 29) % 17) / 8 - 1),
        x.shape,
      ),
    ),
  );
}

describe.each(Object.keys(HUMAN_NETWORKS))('%s', (network) => {
  it('has the slope that differences show', async () => {
    const { json, weights } = readHumanNetwork(network);
    const model = importTfjs(json, weights);
    const { name, shape } = model.inputs[0];
    const output = network === 'faceres' ? 'global_pooling/Mean' : model.outputNames[0];
    const loss = (inputs: Readonly<Record<string, Tensor>>): Tensor =>
      weighted(model.apply(inputs, [output])[output]);
    const runtime = nodeRuntime();
    const both = await compile(
      (inputs) => {
        const { value, gradients } = valueAndGrad(loss)(inputs);
        return { value, gradient: gradients[name] };
      },
      model.inputs,
      { runtime },
    );
    const image = formulaImage(shape);
    const { value, gradient } = await both.run({ [name]: image });
    const forward = await compile(loss, model.inputs, { runtime });
    const evaluate = async (picture: Float32Array): Promise<number> =>
      (await forward.run({ [name]: picture }))['output'][0];
    expect(Math.abs((await evaluate(image)) - value[0])).toBeLessThan(1e-4 * Math.abs(value[0]));

    // Along the gradient itself the slope is its length: the largest signal that the rounding noise can be beaten with.
    const length = Math.sqrt(gradient.reduce((total, part) => total + part * part, 0));
    expect(length).toBeGreaterThan(0);
    const step = STEPS[network] ?? 0.001;
    const moved = (sign: number): Float32Array =>
      image.map((pixel, i) => pixel + (sign * step * gradient[i]) / length);
    const slope = ((await evaluate(moved(1))) - (await evaluate(moved(-1)))) / (2 * step);
    // Measured 0.01% to 0.1%; ReLUs that switch inside the step forbid less than that.
    expect(Math.abs(slope - length)).toBeLessThan(0.01 * length);
    await both.dispose();
    await forward.dispose();
  });
});
