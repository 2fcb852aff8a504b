import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, serveStatic, type StaticServer } from '../src/browser.ts';

/** A path as it is, without the tidying that `fetch` does. */
function statusOf(server: StaticServer, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('serveStatic', () => {
  let folder: string;
  let server: StaticServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'likeness-serve-'));
    writeFileSync(join(folder, 'a.wasm'), 'bytes');
    mkdirSync(join(folder, 'inner'));
    server = await serveStatic({ '/': { content: '<p>home' }, '/files/': { folder } });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('serves content and files with their types and the headers that threads need', async () => {
    const home = await fetch(`${server.url}/`);
    expect([home.status, await home.text()]).toEqual([200, '<p>home']);
    expect(home.headers.get('content-type')).toMatch('text/html');
    const file = await fetch(`${server.url}/files/a.wasm`);
    expect([file.status, await file.text()]).toEqual([200, 'bytes']);
    expect(file.headers.get('content-type')).toBe('application/wasm');
    expect(file.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });

  it('serves nothing else', async () => {
    expect(await statusOf(server, '/files/missing')).toBe(404);
    expect(await statusOf(server, '/other')).toBe(404);
    expect(await statusOf(server, '/files/../../etc/hostname')).toBe(404);
    expect(await statusOf(server, '/files/%2e%2e/%2e%2e/etc/hostname')).toBe(404);
    expect(await statusOf(server, '/files/')).toBe(404);
    expect(await statusOf(server, '/files/inner')).toBe(404);
  });
});

describe('findChromium', () => {
  it('refuses a path that cannot be run', () => {
    const before = process.env['LIKENESS_CHROMIUM'];
    process.env['LIKENESS_CHROMIUM'] = '/nowhere/chromium';
    expect(() => findChromium()).toThrow("LIKENESS_CHROMIUM names '/nowhere/chromium', which cannot be run");
    if (before === undefined) delete process.env['LIKENESS_CHROMIUM'];
    else process.env['LIKENESS_CHROMIUM'] = before;
  });
});
