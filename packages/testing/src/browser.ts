// What tests in a real browser share: finding Chromium, serving files to it, bundling a script for it.
import { accessSync, constants, createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { build } from 'esbuild';
import { chromium, type Browser } from 'playwright-core';

const CHROMIUM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The line that a test prints when it is skipped for want of a browser. */
export const NO_CHROMIUM = 'SKIPPED: no Chromium (install one, or name it in LIKENESS_CHROMIUM)';

/**
 * Path of a Chromium or Chrome: `LIKENESS_CHROMIUM` if set (a wrong path is an error), else the usual places.
 * Returns undefined where there is none; tests then skip and print `NO_CHROMIUM`.
 */
export function findChromium(): string | undefined {
  const named = process.env['LIKENESS_CHROMIUM'];
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`LIKENESS_CHROMIUM names '${named}', which cannot be run`);
    return named;
  }
  return CHROMIUM_PATHS.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Starts a headless browser. Close it when done. */
export async function launchChromium(executablePath: string, args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    // No sandbox: containers and CI run as root; the browser sees only our own pages.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...args],
  });
}

/** A file server on the loopback interface. */
export interface StaticServer {
  /** `http://127.0.0.1:PORT`, without a final slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** What is served under a path prefix such as `/models/`: a folder, or fixed content (prefix = whole path). */
export type StaticRoute = { readonly folder: string } | { readonly content: string | Uint8Array };

/** Options of `serveStatic`. */
export interface ServeStaticOptions {
  /** Send COOP and COEP, so that pages may use threads (default true). */
  readonly isolated?: boolean | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.glb': 'model/gltf-binary',
};

/** Serves folders and fixed content on 127.0.0.1, on a free port. The longest matching prefix wins. */
export async function serveStatic(
  routes: Readonly<Record<string, StaticRoute>>,
  options: ServeStaticOptions = {},
): Promise<StaticServer> {
  const prefixes = Object.keys(routes).sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const headers: Record<string, string> = {
      'content-type':
        TYPES[extname(path)] ?? (path.endsWith('/') ? TYPES['.html'] : 'application/octet-stream'),
    };
    if (options.isolated ?? true) {
      headers['cross-origin-opener-policy'] = 'same-origin';
      headers['cross-origin-embedder-policy'] = 'require-corp';
    }
    const prefix = prefixes.find((candidate) =>
      'content' in routes[candidate] ? path === candidate : path.startsWith(candidate),
    );
    const missing = (): void => {
      response.writeHead(404, { ...headers, 'content-type': 'text/plain' }).end(`not found: ${path}`);
    };
    if (prefix === undefined) return missing();
    const route = routes[prefix];
    if ('content' in route) return void response.writeHead(200, headers).end(route.content);
    const file = normalize(join(route.folder, path.slice(prefix.length)));
    const inside = file.startsWith(normalize(route.folder + sep));
    if (!inside || statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return missing();
    const stream = createReadStream(file);
    stream.once('open', () => response.writeHead(200, headers));
    stream.once('error', missing);
    stream.pipe(response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('serveStatic: the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Bundles a TypeScript entry (our packages from their sources) into one ES module for a browser. */
export async function bundleForBrowser(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['source', 'browser', 'import'],
    write: false,
    logLevel: 'silent',
  });
  return result.outputFiles[0].text;
}
