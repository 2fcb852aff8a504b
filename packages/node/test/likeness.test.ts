import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  decodePhoto,
  loadHeadModel,
  NoFaceError,
  openLikeness,
  readStages,
  UnreadablePhotoError,
} from '@likeness/node';
import type { Likeness } from '@likeness/node';
import { validateBytes } from 'gltf-validator';
import sharp from 'sharp';
import { renderHead } from '@likeness/core/render';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const EXAMPLE = fileURLToPath(new URL('../../../examples/astronaut.jpg', import.meta.url));
const ICT = fileURLToPath(new URL('../../../../shared/data/models', import.meta.url));

let folder: string;
let likeness: Likeness;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'likeness-node-'));
  likeness = await openLikeness();
});
afterAll(async () => {
  await likeness?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('openLikeness', () => {
  it('fits a path, the file in memory and a decoded photo alike', async () => {
    const bytes = readFileSync(EXAMPLE);
    const photo = await decodePhoto(EXAMPLE);
    const heads = [await likeness.fit(EXAMPLE), await likeness.fit(bytes), await likeness.fit(photo)];
    const [first, ...others] = heads.map(({ result }) => result.fit.parameters);
    for (const other of others) {
      expect(other.identity).toEqual(first.identity);
      expect(other.camera).toEqual(first.camera);
    }
    expect(heads[0].face).toEqual({ number: 1, of: 1 });
    expect(heads[0].result.identitySimilarity).toBeGreaterThan(0.5);
    // The hash is the file's; a decoded photo has none.
    expect(heads[0].report()).toMatchObject({
      photo: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(heads[0].report()['photo']).toMatchObject(heads[1].report()['photo'] as object);
    expect(heads[2].report()['photo']).not.toHaveProperty('sha256');
    const { obj, mtl } = heads[0].toObj();
    expect(obj).toContain('usemtl skin');
    expect(mtl).toContain('map_Kd albedo.png');
    const [glb, again] = [await heads[0].toGlb(), await heads[1].toGlb()];
    expect(Buffer.compare(glb, again)).toBe(0);
  });

  it('runs the joint fit for the preset standard, tells each step and keeps snapshots', async () => {
    const stages = readStages([
      {
        name: 'colour',
        free: ['texture', 'light'],
        losses: { pixel: 1 },
        steps: 2,
        learningRate: 0.1,
        textureSize: 64,
      },
      {
        name: 'shape',
        free: ['identity'],
        losses: { pixel: 1, landmark: 1 },
        steps: 3,
        learningRate: 0.02,
        textureSize: 64,
      },
    ]);
    const steps: string[] = [];
    const fractions: number[] = [];
    const head = await likeness.fit(EXAMPLE, {
      preset: 'standard',
      stages,
      snapshotEvery: 2,
      onIteration: ({ stage, step, steps: of }) => {
        steps.push(`${stage} ${step}/${of}`);
      },
      onEvent: ({ fraction }) => {
        fractions.push(fraction);
      },
    });
    expect(steps).toEqual(['colour 1/2', 'colour 2/2', 'shape 1/3', 'shape 2/3', 'shape 3/3']);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(head.result.albedo.width).toBe(2048);
    const report = head.report();
    expect(report).toMatchObject({
      preset: 'standard',
      texture: { kind: 'completed', sizePx: 2048, model: 'likeness-skin' },
      stages: [
        { name: 'landmarks' },
        { name: 'colour', iterations: 2, stopped: 'steps' },
        { name: 'shape', iterations: 3, stopped: 'steps' },
      ],
      joint: { history: { step: [1, 2, 1, 2, 3] } },
      identitySimilarity: { before: expect.any(Number) as number },
    });
    // The first, every second, the last.
    expect(head.result.joint?.snapshots.map(({ stage, step }) => `${stage} ${step}`)).toEqual([
      'colour 1',
      'shape 1',
      'shape 3',
    ]);
    const gif = await sharp(await head.snapshotsGif(), { animated: true }).metadata();
    expect(gif).toMatchObject({ format: 'gif', pages: 3, loop: 0 });
    const strip = await sharp(await head.snapshotsPng()).metadata();
    expect(strip).toMatchObject({ format: 'png', height: gif.pageHeight });
    // Three frames and two gaps.
    expect(strip.width).toBe(3 * gif.width + 4);
  });

  it('fits the linear texture model to what the photo shows', async () => {
    const [photo, linear] = [await likeness.fit(EXAMPLE), await likeness.fit(EXAMPLE, { texture: 'pca' })];
    const { texture } = linear.report() as { texture: { kind: string; model: string; latent: number[] } };
    expect(texture).toMatchObject({ kind: 'pca', model: 'likeness-skin-linear', sizePx: 512 });
    expect(texture.latent).toHaveLength(40);
    // Most probable, not most exact: no component runs away from its prior.
    for (const value of texture.latent) expect(Math.abs(value)).toBeLessThan(5);
    expect(linear.result.identitySimilarity).toBeGreaterThan(0.4);
    expect(photo.report()['texture']).not.toHaveProperty('latent');
  });

  it('takes the focal length from EXIF, and the distance becomes right', async () => {
    const { model, positions, albedo, fit } = (await likeness.fit(EXAMPLE)).result;
    const [width, height, distanceMm] = [1600, 1200, 400];
    const focalPx = (26 / Math.hypot(36, 24)) * Math.hypot(width, height);
    const camera = {
      widthPx: width,
      heightPx: height,
      focalPx,
      principalPointPx: [width / 2, height / 2],
      rotation: [0.05, 0.1, 0],
      translationMm: [0, 0, -distanceMm],
    } as const;
    const background = [120, 130, 140] as const;
    const { light } = fit.parameters;
    const picture = renderHead({
      model,
      positions,
      camera,
      albedo,
      background,
      ...(light === undefined ? {} : { light }),
    });
    const jpeg = sharp(picture.data, { raw: { width, height, channels: 3 } }).jpeg({ quality: 92 });
    const plain = await likeness.fit(await jpeg.toBuffer());
    expect(plain.report()['camera']).toMatchObject({ focalSource: 'estimated' });
    const tagged = await likeness.fit(
      await jpeg.withExif({ IFD2: { FocalLengthIn35mmFilm: '26' } }).toBuffer(),
    );
    expect(tagged.report()['camera']).toMatchObject({ focalSource: 'exif' });
    const found = tagged.result.fit.parameters.camera;
    expect(Math.abs(found.focalPx / focalPx - 1)).toBeLessThan(0.02);
    const error = (z: number): number => Math.abs(-z / distanceMm - 1);
    const taggedError = error(found.translationMm[2]);
    expect(taggedError).toBeLessThan(0.05);
    expect(taggedError).toBeLessThan(error(plain.result.fit.parameters.camera.translationMm[2]));
  });

  it('says what is wrong with a photo', async () => {
    const meadow = { width: 200, height: 100, channels: 3, data: new Uint8Array(60_000).fill(120) } as const;
    await expect(likeness.fit(meadow)).rejects.toThrow(NoFaceError);
    await expect(likeness.fit(EXAMPLE, { face: 2 })).rejects.toThrow(/shows one face, so there is no face 2/);
    await expect(likeness.fit(join(folder, 'none.jpg'))).rejects.toThrow(UnreadablePhotoError);
    expect(await likeness.analyse(meadow)).toEqual([]);
  });
});

describe('loadHeadModel', () => {
  it('refuses what is no head model in one sentence', async () => {
    await expect(loadHeadModel('likeness-foot')).rejects.toThrow(
      /neither a known name .* nor a file or folder/,
    );
    await expect(loadHeadModel(EXAMPLE)).rejects.toThrow(/of no known kind/);
    await expect(loadHeadModel(folder)).rejects.toThrow(/holds no ICT-FaceKit arrays/);
    writeFileSync(join(folder, 'head.json'), '{"format":"facedata-arrays/1"}');
    await expect(loadHeadModel(join(folder, 'head.json'))).rejects.toThrow(/needs .*head\.bin beside it/);
    writeFileSync(join(folder, 'head.safetensors'), 'no tensors');
    await expect(loadHeadModel(join(folder, 'head.safetensors'))).rejects.toThrow(/head/);
  });

  it('imports the whole ICT head from its folder, fits and exports it', async () => {
    if (!existsSync(ICT)) {
      console.warn('SKIPPED: ICT-FaceKit import, ../shared/data is not there');
      return;
    }
    const model = await loadHeadModel(ICT);
    expect(model.vertexCount).toBe(26_719);
    expect(model.parts.map(({ name }) => name)).toContain('teeth');
    const whole = await openLikeness({ model: ICT });
    const head = await whole.fit(EXAMPLE);
    await whole.dispose();
    expect(head.result.fit.landmarkError.median).toBeLessThan(0.02);
    const glb = await head.toGlb();
    const { issues } = (await validateBytes(glb)) as { issues: { numErrors: number; numWarnings: number } };
    expect(issues).toMatchObject({ numErrors: 0, numWarnings: 0 });
    expect(glb.length).toBeLessThan(15e6);
    const { mtl } = head.toObj();
    for (const part of ['skin', 'teeth', 'gums_and_tongue', 'eyeball_left', 'eyelashes_right'])
      expect(mtl).toContain(`newmtl ${part}\n`);
    // Shells that only make sense with transparency would cover the eyes.
    expect(mtl).not.toContain('eye_occlusion');
  });
});
