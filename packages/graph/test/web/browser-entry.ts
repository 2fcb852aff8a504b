// Runs in the browser: the four networks on onnxruntime-web, compared to the same goldens as in Node.
import { compile, importTfjs } from '../../src/index.ts';
import { availableThreads, webRuntime, type WebDevice } from '../../src/web/index.ts';
import { formulaImage, relativeError, type Golden } from '../fixtures/human-fixtures.ts';

/** What the page hands back for one network. */
export interface BrowserResult {
  readonly network: string;
  readonly threads: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly medianMs: number;
}

async function runNetwork(network: string, device: WebDevice = 'wasm', runs = 5): Promise<BrowserResult> {
  const [json, weights, golden] = await Promise.all([
    fetch(`/models/${network}.json`).then((response) => response.json() as Promise<unknown>),
    fetch(`/models/${network}.bin`).then((response) => response.arrayBuffer()),
    fetch(`/fixtures/human-${network}.json`).then((response) => response.json() as Promise<Golden>),
  ]);
  const model = importTfjs(json, weights);
  const outputs = Object.keys(golden.outputs);
  const threads = availableThreads(2);
  const runtime = webRuntime({ device, wasmPaths: `${location.origin}/ort/`, threads });
  const program = await compile(model, model.inputs, { runtime, outputs });
  const inputs = { [model.inputs[0].name]: formulaImage(golden.inputShape) };
  const results = await program.run(inputs);
  const errors = Object.fromEntries(
    outputs.map((name) => [name, relativeError(results[name], golden.outputs[name])]),
  );
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await program.run(inputs);
    times.push(performance.now() - start);
  }
  await program.dispose();
  return { network, threads, errors, medianMs: times.toSorted((a, b) => a - b)[runs >> 1] };
}

Object.assign(globalThis, { runNetwork });
