import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openOutsideNetwork, outsideNetworkFolder } from '../../src/faces/dlib-network.ts';
import { listFacePhotos, openFacesBenchmark } from '../../src/faces/faces-benchmark.ts';
import { IBUG68_TO_TEM189 } from '../../src/faces/read-template.ts';
import { runAndClose } from '../run/closing.ts';
import { temporaryFolder } from '../datasets/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const DATA = join(ROOT, '../shared/data');

describe('bench faces', () => {
  const folder = temporaryFolder();

  it('fits what shows a face, counts what does not, and leaves no photo out', async () => {
    mkdirSync(join(folder.path, 'faces/space'), { recursive: true });
    copyFileSync(join(ROOT, 'examples/astronaut.jpg'), join(folder.path, 'faces/space/astronaut.jpg'));
    folder.write('faces/space/broken.jpg', 'not a photo');
    const { result, report } = await runAndClose(openFacesBenchmark({ data: folder.path }));
    expect(result).toMatchObject({ photos: 2, fitted: 1, failurePercent: 50, recognition: null, zoom: null });
    const set = (result['sets'] as Record<string, Record<string, number>>)['space'];
    expect(set['identitySimilarity']).toBeGreaterThan(0.5);
    // One person: a render and its photo lie within dlib's own threshold.
    expect(set['outsideDistance']).toBeGreaterThan(0.05);
    expect(set['outsideDistance']).toBeLessThan(0.6);
    expect(report.tables.at(-1)?.rows).toHaveLength(2);
  });

  it('says what it expected where there are no photographs', () => {
    expect(() => listFacePhotos(join(folder.path, 'nowhere'))).toThrow(/does not exist/);
    expect(() => listFacePhotos(join(ROOT, 'scripts'))).toThrow(
      /holds no photographs: expected one folder a set/,
    );
  });

  it('maps annotation as the data says', () => {
    const file = join(DATA, 'faces/tem_keypoints.json');
    if (!existsSync(file)) {
      console.warn(`SKIPPED: the mapping of annotated points needs ${file}.`);
      return;
    }
    const { ibug68ToTem189 } = JSON.parse(readFileSync(file, 'utf8')) as {
      ibug68ToTem189: Record<string, number>;
    };
    expect(Object.fromEntries(IBUG68_TO_TEM189)).toEqual(ibug68ToTem189);
  });
});

describe('the network outside the loss', () => {
  it('tells people apart on its own threshold of 0.6', async () => {
    const weights = outsideNetworkFolder();
    const photo = (set: string, name: string): string => join(DATA, 'faces', set, `${name}.jpg`);
    if (weights === undefined || !existsSync(photo('london-neutral', '001'))) {
      console.warn('SKIPPED: dlib on photographs needs @vladmandic/face-api and ../shared/data/faces.');
      return;
    }
    const { openLikeness, decodePhoto } = await import('@likeness/node');
    const network = await openOutsideNetwork(weights);
    const likeness = await openLikeness();
    const embed = async (set: string, name: string): Promise<Float32Array> => {
      const picture = await decodePhoto(photo(set, name));
      const [face] = await likeness.analyse(picture);
      return network.embed(picture, face.points68);
    };
    const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((x, i) => x - b[i]));
    const neutral = [await embed('london-neutral', '001'), await embed('london-neutral', '004')];
    const smiling = [await embed('london-smiling', '001'), await embed('london-smiling', '004')];
    for (const i of [0, 1]) {
      expect(distance(neutral[i], smiling[i])).toBeLessThan(0.5);
      expect(distance(neutral[i], smiling[1 - i])).toBeGreaterThan(0.6);
    }
    await Promise.all([likeness.dispose(), network[Symbol.asyncDispose]()]);
  });
});
