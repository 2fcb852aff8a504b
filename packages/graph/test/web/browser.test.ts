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

describe.skipIf(chromium === undefined).each([
  { isolated: true, expectedThreads: 2 },
  { isolated: false, expectedThreads: 1 },
])('onnxruntime-web in Chromium, cross-origin isolated: $isolated', ({ isolated, expectedThreads }) => {
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
    const browser = await launchChromium(chromium ?? '');
    try {
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(`${server.url}/`);
      await page.waitForFunction('typeof runNetwork === "function"');
      for (const network of Object.keys(HUMAN_NETWORKS)) {
        const result = await page.evaluate<BrowserResult>(`runNetwork(${JSON.stringify(network)})`);
        console.log(
          `${network}: ${result.medianMs.toFixed(1)} ms on ${result.threads} thread(s) in Chromium`,
        );
        expect(result.threads).toBe(expectedThreads);
        for (const error of Object.values(result.errors)) expect(error).toBeLessThan(1e-3);
      }
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
      await server.close();
    }
  }, 120_000);
});
