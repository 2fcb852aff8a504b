// The gradient suite of test/ops in a real browser: on wasm against central differences, and on WebGPU, where an adapter
// can be had, against wasm.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleForBrowser, findChromium, launchChromium, NO_CHROMIUM, serveStatic } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { GRADIENT_CASES } from '../gradient-cases/index.ts';
import type { CaseResult } from './gradient-entry.ts';

const here = dirname(fileURLToPath(import.meta.url));
const chromium = findChromium();
if (chromium === undefined) console.warn(NO_CHROMIUM);

/** Evaluates `script` in a page that holds gradient-entry.ts. */
async function inBrowser<T>(script: string, flags: readonly string[] = []): Promise<T> {
  const server = await serveStatic({
    '/': { content: '<!doctype html><script type="module" src="/bundle.js"></script>' },
    '/bundle.js': { content: await bundleForBrowser(join(here, 'gradient-entry.ts')) },
    '/ort/': { folder: dirname(fileURLToPath(import.meta.resolve('onnxruntime-web/wasm'))) },
  });
  const browser = await launchChromium(chromium ?? '', flags);
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/`);
    await page.waitForFunction('typeof gradientsOnWasm === "function"');
    return await page.evaluate<T>(script);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Chromium brings a graphics adapter in software (SwiftShader); its flag makes WebGPU take it. */
const SOFTWARE_ADAPTER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/**
 * One case of every second operation: a software adapter takes a sixth of a second for the shaders of each (Node's test of
 * the same provider takes others). `LIKENESS_WEBGPU=all` runs every case of every operation, in minutes.
 */
const SAMPLE =
  process.env['LIKENESS_WEBGPU'] === 'all'
    ? { every: 1, perOperation: Number.MAX_SAFE_INTEGER }
    : { every: 2, perOperation: 1 };

describe.skipIf(chromium === undefined)('onnxruntime-web in Chromium', () => {
  it('gradients on wasm, against central differences', async () => {
    const results = await inBrowser<CaseResult[]>('gradientsOnWasm()');
    expect(results).toHaveLength(Object.values(GRADIENT_CASES).flat().length);
    expect(results.filter(({ error = Infinity }) => !(error < 1e-3))).toEqual([]);
  }, 120_000);

  it('arrays of every type, on wasm', async () => {
    expect(await inBrowser('checkArrays("wasm")')).toEqual([]);
    expect(await inBrowser('checkDeviceState("wasm")')).toEqual([]);
  }, 60_000);

  it('gradients on webgpu, against wasm', async (context) => {
    const { adapter, results, faults } = await inBrowser<{
      adapter?: string;
      results?: CaseResult[];
      faults?: string[];
    }>(
      `describeWebgpu().then(async (found) => ({ ...found, results: found.adapter && (await gradientsOnWebgpu(${JSON.stringify(SAMPLE)})), faults: found.adapter && [...(await checkArrays("webgpu")), ...(await checkDeviceState("webgpu"))] }))`,
      SOFTWARE_ADAPTER,
    );
    if (results === undefined) {
      console.warn('SKIPPED: gradients on webgpu (this Chromium offers no graphics adapter)');
      context.skip();
      return;
    }
    const refused = results.filter((one) => one.refused !== undefined);
    console.log(
      `gradients on webgpu (${adapter}): ${results.length} cases, ONNX Runtime refuses ${refused.map(({ name }) => name).join('; ')}`,
    );
    expect(faults).toEqual([]);
    const expected = Object.values(GRADIENT_CASES)
      .filter((_, index) => index % SAMPLE.every === 0)
      .flatMap((cases) => cases.slice(0, SAMPLE.perOperation));
    expect(results).toHaveLength(expected.length);
    // WebGPU allows sines and the like an error of 2^-11.
    expect(results.filter(({ error = 0 }) => !(error < 2e-3))).toEqual([]);
    // float64, the indices of a max pooling and three-dimensional pooling: few, and each with the sentence that says so.
    expect(refused.length).toBeLessThan(results.length / 10);
    for (const one of refused) expect(one.refused).toMatch(/^webRuntime: ONNX Runtime has no webgpu kernel/u);
  }, 600_000);

  it('webgpu without an adapter: an error, nothing else', async () => {
    const { missing } = await inBrowser<{ missing?: string }>('describeWebgpu()', [
      '--disable-features=WebGPU,WebGPUService',
      '--use-webgpu-adapter=none',
    ]);
    expect(missing).toMatch(/^webRuntime: device 'webgpu' cannot be used here: \S.*$/u);
  }, 60_000);
});
