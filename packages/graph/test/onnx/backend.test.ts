// ONNX's official backend tests: every model that can be imported reproduces the official outputs; every other one is
// refused with an ImportError whose reason is in the table below. A model outside both is a failure.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  exportOnnx,
  ImportError,
  importOnnx,
  listOnnxOperations,
  type ImportedModel,
  type TypedArray,
} from '../../src/index.ts';
import { fromFloat16, onnxDataType } from '../../src/dtype.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import type { HostTensor } from '../../src/onnx/host-tensor.ts';
import { hasOnnxTestData, listCases, readCase, type OnnxCase } from '../fixtures/onnx-test-data.ts';

/** Why models are out of scope. What matches no line is a fault of ours. */
const REASONS: readonly (readonly [string, RegExp])[] = [
  ['sequences and optional values', /a value is a (sequence|optional)/],
  ['texts', /a value is of string|is of string, expected/],
  ['element types the engine does not compute in', /is of (u?int8|u?int16|uint32|uint64|bfloat16), expected/],
  ['operations of other domains (training)', / needs op [\w.]+\.\w+, which/],
  ['operations that are not imported', / needs op \w+, which/],
  ['cubic grid sampling', /cubic interpolation is not supported/],
  ['random numbers (dropout in training)', /dropout in training mode/],
];

/** Official tolerances. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

const numbersOf = (data: ArrayLike<number | bigint>, dataType: number): number[] =>
  Array.from(data, (value) =>
    dataType === onnxDataType('float16') ? fromFloat16(Number(value)) : Number(value),
  );

function expectClose(name: string, received: TypedArray, expected: HostTensor): void {
  const a = numbersOf(received, expected.dataType);
  const b = numbersOf(expected.data, expected.dataType);
  for (let i = 0; i < b.length; i++) {
    const same = a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]));
    if (!same && !(Math.abs(a[i] - b[i]) <= ABSOLUTE + RELATIVE * Math.abs(b[i]))) {
      throw new Error(`output '${name}'[${i}]: expected ${b[i]}, received ${a[i]}`);
    }
  }
}

/** Runs a model and compares all its outputs. */
async function expectOutputs(model: ImportedModel, { inputs, outputs }: OnnxCase): Promise<void> {
  const program = await compile<TypedArray>(
    model,
    {},
    { runtime: nodeRuntime({ threads: 1 }), outputs: model.outputNames },
  );
  const feeds = model.inputs.map(({ name }) => [name, inputs[name].data as TypedArray] as const);
  const results = await program.run(Object.fromEntries(feeds));
  for (const [index, [name, expected]] of Object.entries(outputs).entries()) {
    const port = program.outputs[index];
    expect({ name, shape: port.shape, type: onnxDataType(port.dtype) }).toEqual({
      name,
      shape: expected.shape,
      type: expected.dataType,
    });
    expectClose(name, results[port.name], expected);
  }
  await program.dispose();
}

/** Imports and runs a case, and the file that we write of it. Inputs that must be known at import (shapes, axes) are given as constants, as users would. */
async function run(data: OnnxCase): Promise<void> {
  const constants: Record<string, TypedArray> = {};
  for (;;) {
    try {
      const model = importOnnx(data.bytes, { constants });
      await expectOutputs(model, data);
      await expectOutputs(importOnnx(exportOnnx(model, {})), data);
      return;
    } catch (error) {
      const named =
        error instanceof ImportError && /must be known at import.*of input '([^']*)'/.exec(error.message);
      if (!named || constants[named[1]]) throw error;
      constants[named[1]] = data.inputs[named[1]].data as TypedArray;
    }
  }
}

interface Outcome {
  readonly passed: string[];
  readonly refused: Map<string, string[]>;
  readonly failed: string[];
  readonly covered: Set<string>;
}

async function runSuite(suite: string): Promise<Outcome> {
  const outcome: Outcome = { passed: [], refused: new Map(), failed: [], covered: new Set() };
  for (const name of listCases(suite)) {
    let message: string;
    const data = readCase(suite, name);
    if ('reason' in data) message = data.reason;
    else {
      try {
        await run(data);
        outcome.passed.push(name);
        for (const operation of data.operations) outcome.covered.add(operation);
        continue;
      } catch (error) {
        if (!(error instanceof ImportError)) {
          outcome.failed.push(`${name}: ${String(error)}`);
          continue;
        }
        ({ message } = error);
      }
    }
    const reason = REASONS.find(([, pattern]) => pattern.test(message));
    if (!reason) outcome.failed.push(`${name}: ${message}`);
    else outcome.refused.set(reason[0], [...(outcome.refused.get(reason[0]) ?? []), `${name}: ${message}`]);
  }
  return outcome;
}

/** Cases that import and pass at least; the suites do not shrink. */
const SUITES: Readonly<Record<string, number>> = {
  node: 773,
  simple: 7,
  'pytorch-operator': 35,
  'pytorch-converted': 82,
};

if (!hasOnnxTestData) {
  console.warn('SKIPPED: ONNX backend tests: the Debian package libonnx-testdata is not installed');
}

describe.skipIf(!hasOnnxTestData).each(Object.entries(SUITES))('official suite %s', (suite, least) => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await runSuite(suite);
    const refused = [...outcome.refused].map(([reason, cases]) => `${cases.length} ${reason}`);
    const inScope = outcome.passed.length + outcome.failed.length;
    console.log(
      `ONNX ${suite}: ${outcome.passed.length} passed of ${inScope} in scope; out of scope: ${refused.join(', ') || 'none'}`,
    );
  });

  it('reproduces the official outputs of every model in scope', () => {
    expect(outcome.failed).toEqual([]);
    expect(outcome.passed.length).toBeGreaterThanOrEqual(least);
  });

  it('refuses only operations that the support table does not list', () => {
    const listed = new Set(listOnnxOperations());
    const refused = [...outcome.refused.values()]
      .flat()
      .flatMap((refusal) => / needs op (\w+), which/.exec(refusal)?.[1] ?? []);
    expect(refused.filter((operation) => listed.has(operation))).toEqual([]);
  });
});
