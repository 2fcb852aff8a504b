/** A browser with three.js in it, for looking at exported heads: the proof that a GLB opens outside of this project. */
import { fileURLToPath } from 'node:url';
import { bundleForBrowser, launchChromium } from '@likeness/testing';

export interface LoadedMesh {
  readonly name: string;
  readonly material: string;
  readonly roughness: number;
  readonly targets: readonly string[];
  readonly weights: readonly number[];
  readonly textureSize: readonly [number, number] | null;
  readonly vertices: number;
}

export interface View {
  readonly yawDegrees: number;
  readonly size: number;
  readonly weights?: Readonly<Record<string, number>>;
  readonly clay?: boolean;
}

export interface Viewer {
  load(glb: Uint8Array): Promise<{ readonly meshes: LoadedMesh[]; readonly sizeMetres: number[] }>;
  /** PNG of the head that was loaded last. */
  draw(view: View): Promise<Buffer>;
  /** Errors the page reported. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

export async function openViewer(executablePath: string): Promise<Viewer> {
  const script = await bundleForBrowser(fileURLToPath(new URL('page.js', import.meta.url)));
  // WebGL in software: the machine that runs the tests has no graphics card.
  const browser = await launchChromium(executablePath, [
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--ignore-gpu-blocklist',
  ]);
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.addScriptTag({ content: script, type: 'module' });
  return {
    load: (glb) => page.evaluate(`loadHead(${JSON.stringify(Buffer.from(glb).toString('base64'))})`),
    draw: async (view) => {
      const url = await page.evaluate<string>(`drawHead(${JSON.stringify(view)})`);
      return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
    },
    faults,
    close: () => browser.close(),
  };
}
