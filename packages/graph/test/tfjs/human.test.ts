// The networks of @vladmandic/human against what that package's own runtime computed (see fixtures/record-human.mjs).
import { describe, expect, it } from 'vitest';
import { compile, importTfjs } from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { EXTRA_NETWORKS, formulaImage, HUMAN_NETWORKS, relativeError } from '../fixtures/human-fixtures.ts';
import { readGolden, readHumanNetwork } from '../fixtures/read-human.ts';

describe.each(Object.entries({ ...HUMAN_NETWORKS, ...EXTRA_NETWORKS }))('%s', (network, inner) => {
  it('computes its outputs and named intermediates as its own runtime does', async () => {
    const golden = readGolden(network);
    const { json, weights } = readHumanNetwork(network);
    const model = importTfjs(json, weights);
    expect(model.inputs).toHaveLength(1);
    expect(model.inputs[0].shape).toEqual(golden.inputShape);
    const image = formulaImage(golden.inputShape);

    const names = [...model.outputNames, ...inner];
    expect(new Set(names)).toEqual(new Set(Object.keys(golden.outputs)));
    // Once as it is shipped, once with the inner nodes asked for too, which forbids some fusions.
    for (const outputs of [model.outputNames, names]) {
      const program = await compile(model, model.inputs, { runtime: nodeRuntime(), outputs });
      let worst = 0;
      const results = await program.run({ [model.inputs[0].name]: image });
      for (const { name, shape } of program.outputs) {
        expect({ name, shape }).toEqual({ name, shape: golden.outputs[name].shape });
        const error = relativeError(results[name], golden.outputs[name]);
        worst = Math.max(worst, error);
      }
      expect(worst).toBeLessThan(1e-3);
      await program.dispose();
    }
  });
});
