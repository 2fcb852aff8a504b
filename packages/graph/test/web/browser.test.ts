// The same goldens in a real browser: a bundle made by esbuild, onnxruntime-web, with and without threads.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleForBrowser, findChromium, launchChromium, NO_CHROMIUM, serveStatic } from '@likeness/testing';
import { describe, expect, it } from 'vitest';
import { HUMAN_NETWORKS } from '../fixtures/human-fixtures.ts';
import { HUMAN_MODELS } from '../fixtures/read-human.ts';
import type { BrowserResult } from './browser-entry.ts';

const here = dirname(fileURLToPath(import.meta.url));
const chromium = findChromium();
if (chromium === undefined) console.warn(NO_CHROMIUM);

/** The networks on WebGPU's software adapter take a minute: only with `LIKENESS_WEBGPU=all`. */
const wasm = { device: 'wasm', runs: 5, flags: [] };
const webgpu = {
  device: 'webgpu',
  runs: 1,
  flags: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
};
const SETTINGS = [
  { ...wasm, isolated: true, expectedThreads: 2 },
  { ...wasm, isolated: false, expectedThreads: 1 },
  ...(process.env['LIKENESS_WEBGPU'] === 'all' ? [{ ...webgpu, isolated: true, expectedThreads: 2 }] : []),
];

describe.skipIf(chromium === undefined).each(SETTINGS)(
  'onnxruntime-web in Chromium, $device, cross-origin isolated: $isolated',
  ({ device, runs, flags, isolated, expectedThreads }) => {
    it('computes what the networks compute elsewhere', async () => {
      const bundle = await bundleForBrowser(join(here, 'browser-entry.ts'));
      expect(bundle).not.toMatch(/from\s*["']node:/);
      const server = await serveStatic(
        {
          '/': { content: '<!doctype html><script type="module" src="/bundle.js"></script>' },
          '/bundle.js': { content: bundle },
          '/models/': { folder: HUMAN_MODELS },
          '/fixtures/': { folder: join(here, '..', 'fixtures') },
          '/ort/': { folder: dirname(fileURLToPath(import.meta.resolve('onnxruntime-web/wasm'))) },
        },
        { isolated },
      );
      const browser = await launchChromium(chromium ?? '', flags);
      try {
        const page = await browser.newPage();
        const faults: string[] = [];
        page.on('pageerror', (error) => faults.push(error.message));
        const loaded = new Set<string>();
        page.on('request', (request) => loaded.add(request.url().replace(/^.*\//u, '')));
        await page.goto(`${server.url}/`);
        await page.waitForFunction('typeof runNetwork === "function"');
        for (const network of Object.keys(HUMAN_NETWORKS)) {
          const result = await page.evaluate<BrowserResult>(`runNetwork('${network}', '${device}', ${runs})`);
          console.log(
            `${network}: ${result.medianMs.toFixed(1)} ms on ${result.threads} thread(s) in Chromium, ${device}`,
          );
          expect(result.threads).toBe(expectedThreads);
          for (const error of Object.values(result.errors)) expect(error).toBeLessThan(1e-3);
        }
        expect(faults).toEqual([]);
        // Only the build that the device needs.
        const build = device === 'wasm' ? 'ort-wasm-simd-threaded' : 'ort-wasm-simd-threaded.asyncify';
        expect([...loaded].filter((name) => name.startsWith('ort-')).sort()).toEqual([
          `${build}.mjs`,
          `${build}.wasm`,
        ]);
      } finally {
        await browser.close();
        await server.close();
      }
    }, 240_000);
  },
);
