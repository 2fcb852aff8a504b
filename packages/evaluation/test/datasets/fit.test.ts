/** `--fit` of the three data sets, end to end: photographs in the true layouts, through the product, judged against the scan. */
import { loadHeadModel } from '@likeness/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { openFlorenceBenchmark } from '../../src/datasets/florence-benchmark.ts';
import { openNowBenchmark } from '../../src/datasets/now-benchmark.ts';
import { openRealyBenchmark } from '../../src/datasets/realy-benchmark.ts';
import { runAndClose } from '../run/closing.ts';
import { makeFlorencePhotos, makeNowPhotos, makeRealyPhotos, renderPerson } from './rendered.ts';
import type { RenderedPerson } from './rendered.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * A face of the model's own prior in good light: the figures stay below these, and units, frames or landmarks that are wrong put
 * them far above. (Measured: NoW median 1.2 and 1.4, REALY 1.4, Florence 1.2 mm.)
 */
const MOST_MM = 2.5;

describe('a fit of the photographs', () => {
  const folder = temporaryFolder();
  let person: RenderedPerson;
  beforeAll(async () => {
    person = renderPerson(await loadHeadModel('likeness-head'));
  });

  it('of NoW is judged in both forms', async () => {
    const data = await makeNowPhotos(folder, person);
    const { result, report } = await runAndClose(openNowBenchmark({ data, fit: true, preset: 'draft' }));
    expect(result).toMatchObject({ images: 1, measured: 1, failures: [] });
    for (const variant of ['nonMetrical', 'metrical']) {
      const { medianMm } = (result[variant] as Record<string, { medianMm: number }>)['all'];
      expect(medianMm).toBeGreaterThan(0.1);
      expect(medianMm).toBeLessThan(MOST_MM);
    }
    expect(report.pictures).toHaveLength(2);
  });

  it("of REALY's side view is judged region by region", async () => {
    const data = await makeRealyPhotos(folder, person, { '1_1': 40 });
    const { result } = await runAndClose(openRealyBenchmark({ data, fit: true, preset: 'draft' }));
    expect(result).toMatchObject({ predictions: 1, measured: 1, failures: [] });
    expect(result['front']).toBeUndefined();
    const { regions } = result['side'] as { regions: Record<string, { mean: number }> };
    expect(Object.keys(regions)).toEqual(['nose', 'mouth', 'forehead', 'cheek']);
    for (const { mean } of Object.values(regions)) {
      expect(mean).toBeGreaterThan(0.1);
      expect(mean).toBeLessThan(1.5 * MOST_MM);
    }
  });

  it('of Florence is judged on the frames of one video, and says what is not there', async () => {
    const data = await makeFlorencePhotos(folder, person);
    const { result } = await runAndClose(openFlorenceBenchmark({ data, fit: true, preset: 'draft' }));
    expect(result).toMatchObject({ subjects: 1, measured: 1 });
    const cooperative = result['Indoor-Cooperative'] as Record<string, { mean: number }>;
    for (const measure of ['ganfit', 'genova', 'deng']) {
      expect(cooperative[measure].mean).toBeGreaterThan(0.1);
      expect(cooperative[measure].mean).toBeLessThan(MOST_MM);
    }
    expect(JSON.stringify(result['failures'])).toMatch(/No frames of subject 01, PTZ-Outdoor/);
  });
});
