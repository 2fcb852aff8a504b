/** Versions for reports: of Likeness and of what it runs on. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

export const VERSION: string = manifest.version;

/** The program's name in the files it writes. */
export const GENERATOR: string = `likeness ${VERSION}`;

/** Node, ONNX Runtime, sharp: a result can depend on each. Packages that cannot be found are left out. */
export function runtimeVersions(): Readonly<Record<string, string>> {
  const versions: Record<string, string> = { node: process.versions.node };
  const require = createRequire(import.meta.url);
  for (const name of ['onnxruntime-node', 'sharp', '@vladmandic/human']) {
    const version = packageVersion(require, name);
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

/** Reads the package.json above the package's main file; packages do not always export it. */
function packageVersion(require: NodeJS.Require, name: string): string | undefined {
  try {
    for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
      try {
        const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
          readonly name?: string;
          readonly version?: string;
        };
        if (found.name === name) return found.version;
      } catch {
        // No package.json here, or one that is not JSON: look further up.
      }
    }
  } catch {
    // Not installed.
  }
  return undefined;
}
