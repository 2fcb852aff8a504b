// onnxruntime-node on WebGPU: the gradient cases against the CPU, and what is refused. Where no graphics adapter is to be
// had, Chromium's software one (SwiftShader) serves if its driver description is found; else the tests say so.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findChromium } from '@likeness/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as g from '../../src/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { runtimeDifference } from '../fixtures/compare-runtimes.ts';
import { GRADIENT_CASES } from '../gradient-cases/index.ts';

const cpu = nodeRuntime({ threads: 1 });
const strict = nodeRuntime({ device: 'webgpu', threads: 1 });
const before = process.env['VK_ICD_FILENAMES'];
let missing: string | undefined;

beforeAll(async () => {
  const folders = ['/usr/lib/chromium', '/opt/google/chrome', dirname(findChromium() ?? '/')];
  const driver = folders
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find((path) => existsSync(path));
  if (driver !== undefined) process.env['VK_ICD_FILENAMES'] ??= driver;
  try {
    await (await g.compile(({ x }) => g.neg(x), { x: { shape: [1] } }, { runtime: strict })).dispose();
  } catch (error) {
    if (!(error instanceof g.RuntimeUnavailableError)) throw error;
    missing = error.message;
    console.warn(`SKIPPED: onnxruntime-node on webgpu (${missing})`);
  }
});

afterAll(() => {
  if (before === undefined) delete process.env['VK_ICD_FILENAMES'];
});

describe('onnxruntime-node on webgpu', () => {
  it('computes what the CPU computes, gradients too', async (context) => {
    if (missing !== undefined) context.skip();
    const refused: string[] = [];
    const wrong: string[] = [];
    let count = 0;
    // The browser runs others on the same provider (test/web); shaders in software take their time.
    const some = Object.entries(GRADIENT_CASES).filter((_, index) => index % 4 === 1);
    for (const [operation, cases] of some) {
      const name = `${operation} ${cases[0].what ?? 'plain'}`;
      try {
        const error = await runtimeDifference(cases[0], strict, cpu);
        // WebGPU allows sines and the like an error of 2^-11.
        if (!(error < 2e-3)) wrong.push(`${name}: ${error}`);
      } catch (error) {
        if (!(error instanceof g.RuntimeRefusedError)) throw error;
        refused.push(name);
      }
      count++;
    }
    console.log(`onnxruntime-node on webgpu: ${count} cases, refused ${refused.join('; ')}`);
    expect(wrong).toEqual([]);
    expect(refused.length).toBeLessThan(count / 10);
  }, 180_000);

  it('runs nothing on the CPU unless that is allowed', async (context) => {
    if (missing !== undefined) context.skip();
    const viaDouble: g.TensorFunction = ({ x }) => g.cast(g.mul(g.cast(x, 'float64'), 2), 'float32');
    const inputs = { x: { shape: [2] } };
    const refusal = await g
      .compile(viaDouble, inputs, { runtime: strict })
      .catch((error: unknown) => (error instanceof Error ? error.message : ''));
    expect(refusal).toMatch(/^nodeRuntime: ONNX Runtime has no webgpu kernel .*allowCpuNodes: true/u);
    const runtime = nodeRuntime({ device: 'webgpu', allowCpuNodes: true });
    const program = await g.compile(viaDouble, inputs, { runtime });
    expect((await program.run({ x: Float32Array.of(1, 2) })).output).toEqual(Float32Array.of(2, 4));
    await program.dispose();
  });

  it('takes given arrays and overlapping calls', async (context) => {
    if (missing !== undefined) context.skip();
    const program = await g.compile(({ x }) => g.mul(x, 2), { x: { shape: [2] } }, { runtime: strict });
    const output = new Float32Array(2);
    const result = await program.run({ x: Float32Array.of(1, 2) }, { outputs: { output } });
    expect(result.output).toBe(output);
    expect(output).toEqual(Float32Array.of(2, 4));
    const many = await Promise.all([1, 2, 3].map((x) => program.run({ x: Float32Array.of(x, 0) })));
    expect(many.map((one) => one.output[0])).toEqual([2, 4, 6]);
    await program.dispose();
  });
});
