/** One head into one folder, whole. */
import { basename } from 'node:path';
import type { Head } from '@likeness/node';
import type { FitCommandOptions } from './options.ts';
import { stage } from './output-folder.ts';
import type { RunEvent } from './reporter.ts';

/** The photos of a head that was fitted to several. */
export interface PersonPhotos {
  readonly paths: readonly string[];
  /** Names of their overlays, in the same order. */
  readonly overlays: readonly string[];
  /** Index of the one that `overlay.png` shows. */
  readonly shown: number;
}

/** @param photo what the event calls it */
export async function writeHead(
  head: Head,
  photo: string,
  folder: string,
  options: FitCommandOptions,
  person?: PersonPhotos,
): Promise<Extract<RunEvent, { event: 'head' }>> {
  const staging = stage(folder);
  try {
    const start = performance.now();
    const files: Record<string, string> =
      options.format === 'obj' ? { head: 'head.obj', material: 'head.mtl' } : { head: 'head.glb' };
    files['albedo'] = 'albedo.png';
    files['overlay'] = 'overlay.png';
    if (options.format === 'obj') {
      const { obj, mtl } = head.toObj();
      staging.write('head.obj', obj);
      staging.write('head.mtl', mtl);
    }
    // Pictures are coded on other threads: side by side.
    const [glb, albedo, overlay] = await Promise.all([
      options.format === 'obj' ? undefined : head.toGlb(),
      head.albedoPng(),
      head.overlayPng(),
    ]);
    if (glb !== undefined) staging.write('head.glb', glb);
    staging.write('albedo.png', albedo);
    staging.write('overlay.png', overlay);
    for (const [i, name] of (person?.overlays ?? []).entries()) staging.write(name, await head.overlayPng(i));
    if (options.snapshots !== undefined) {
      files['snapshots'] = 'snapshots.png';
      files['animation'] = 'snapshots.gif';
      staging.write('snapshots.png', await head.snapshotsPng());
      staging.write('snapshots.gif', await head.snapshotsGif());
    }
    const report = head.report({
      photoFile: basename(person?.paths[person.shown] ?? photo),
      ...(person === undefined
        ? {}
        : { photoFiles: person.paths.map((path) => basename(path)), overlayFiles: person.overlays }),
      files,
      timings: { write: performance.now() - start },
    });
    staging.write('fit.json', `${JSON.stringify(report, null, 2)}\n`);
    staging.commit();
    const before = head.result.identitySimilarityBefore;
    return {
      event: 'head',
      photo,
      face: head.face.number,
      folder,
      files: { ...files, report: 'fit.json' },
      ...(person === undefined ? {} : { photos: person.paths }),
      identitySimilarity: head.result.identitySimilarity ?? null,
      ...(before === undefined ? {} : { identitySimilarityBefore: before }),
      landmarkError: head.result.fit.landmarkError.median,
      milliseconds: Math.round(head.milliseconds + performance.now() - start),
      warnings: head.result.warnings,
    };
  } finally {
    staging.discard();
  }
}
