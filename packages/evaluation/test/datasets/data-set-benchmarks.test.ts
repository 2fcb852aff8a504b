import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openFlorenceBenchmark } from '../../src/datasets/florence-benchmark.ts';
import { openNowBenchmark } from '../../src/datasets/now-benchmark.ts';
import { openRealyBenchmark } from '../../src/datasets/realy-benchmark.ts';
import { runAndClose } from '../run/closing.ts';
import { makeFlorence, makeNow, makeRealy } from './miniature.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface Figures {
  readonly medianMm: number;
  readonly meanMm: number;
}

describe('bench now', () => {
  const folder = temporaryFolder();
  const now = makeNow(folder);

  it('judges both variants, all challenges, with pictures and a curve', async () => {
    const { result, report } = await runAndClose(openNowBenchmark(now));
    expect(result).toMatchObject({ images: 4, measured: 4, failures: [] });
    for (const variant of ['nonMetrical', 'metrical']) {
      const figures = result[variant] as Record<string, Figures>;
      // One exact prediction of two: half of the distances are (nearly) zero, the others are not.
      expect(Object.keys(figures)).toEqual(['all', 'multiview_neutral', 'selfie']);
      expect(figures['all'].meanMm).toBeGreaterThan(0.1);
      expect(figures['all'].meanMm).toBeLessThan(5);
      expect(figures['selfie'].meanMm).toBeCloseTo(figures['multiview_neutral'].meanMm, 3);
    }
    const rows = report.tables.find(({ detail }) => detail === true)?.rows ?? [];
    expect(Number(rows[0][2])).toBeLessThan(0.02);
    expect(Number(rows[2][2])).toBeGreaterThan(0.2);
    expect(report.pictures.map(({ mimeType }) => mimeType)).toContain('image/svg+xml');
    expect(report.pictures.length).toBeGreaterThan(2);
  });

  it('reads the metrical unit: taken for millimetres, metres are a thousand times too small', async () => {
    folder.write('now/imagepathstest.txt', 'FaMoS_180424_03330_TA/selfie/IMG_0001.jpg\n');
    const { result } = await runAndClose(openNowBenchmark({ ...now, unit: 'mm', imageSet: 'test' }));
    expect(result).toMatchObject({ imageSet: 'test', images: 1 });
    expect((result['nonMetrical'] as Record<string, Figures>)['all'].meanMm).toBeLessThan(5);
    expect((result['metrical'] as Record<string, Figures>)['all'].meanMm).toBeGreaterThan(20);
  });

  it('counts what is missing and says which file', async () => {
    rmSync(`${now.predictions}/FaMoS_180424_03331_TA/selfie/IMG_0001.obj`);
    const { result } = await runAndClose(openNowBenchmark(now));
    expect(result).toMatchObject({ images: 4, measured: 3 });
    expect(JSON.stringify(result['failures'])).toMatch(/selfie\/IMG_0001\.obj \(or \.ply\) is missing/);
    rmSync(`${now.data}/scans_lmks_onlypp`, { recursive: true });
    await expect(openNowBenchmark(now)).rejects.toThrow(
      /scans_lmks_onlypp is missing, so this is not the layout of NoW\. It is given out at https:\/\/now/,
    );
  });
});

describe('bench realy', () => {
  const folder = temporaryFolder();
  const realy = makeRealy(folder);

  it('judges regions, front and side apart', async () => {
    const { result, report } = await runAndClose(openRealyBenchmark(realy));
    expect(result).toMatchObject({ predictions: 3, measured: 3 });
    const front = result['front'] as {
      predictions: number;
      all: number;
      regions: Record<string, { mean: number; std: number }>;
    };
    const side = result['side'] as typeof front;
    expect([front.predictions, side.predictions]).toEqual([2, 1]);
    // Subject 1 is exact, subject 2 the mean head from both sides: the front's mean is half of the side's.
    for (const region of ['nose', 'mouth', 'forehead', 'cheek']) {
      expect(side.regions[region].mean).toBeGreaterThan(0.05);
      expect(front.regions[region].mean / side.regions[region].mean).toBeCloseTo(0.5, 1);
    }
    expect(report.tables[0].caption).toMatch(/^Frontal images/);
    expect(report.pictures.length).toBeGreaterThanOrEqual(8);
  });

  it('says what is missing, and where the data set comes from', async () => {
    await expect(openRealyBenchmark({ data: realy.data, predictions: realy.predictions })).rejects.toThrow(
      /85 keypoints of the predictions' topology/,
    );
    await expect(openRealyBenchmark({ data: realy.data })).rejects.toThrow(
      /REALY_image is missing.*realy3dface\.com/,
    );
    // REALY gives its images cropped and as photographed, under one name, and depth maps beside them.
    for (const name of ['cropped/1.jpg', 'original/1.jpg', 'original/1_depth.png'])
      folder.write(`realy/REALY_image/${name}`, '');
    await expect(openRealyBenchmark({ data: realy.data })).rejects.toThrow(
      /cropped\/1\.jpg and .*original\/1\.jpg bear one name/,
    );
    rmSync(`${realy.data}/REALY_scan_region/2/mouth.obj`);
    await expect(openRealyBenchmark(realy)).rejects.toThrow(/REALY_scan_region\/2\/mouth\.obj is missing/);
  });
});

describe('bench florence', () => {
  const folder = temporaryFolder();
  const florence = makeFlorence(folder);

  it("follows GANFIT's protocol, with Genova's and Deng's measures apart", async () => {
    const { result, report } = await runAndClose(openFlorenceBenchmark(florence));
    expect(result).toMatchObject({ subjects: 2, measured: 2 });
    expect(JSON.stringify(result['failures'])).toMatch(/subject_02 PTZ-Outdoor.*is missing/);
    type Setting = {
      subjects: number;
      ganfit: { mean: number };
      genova: { mean: number };
      deng: { mean: number };
    };
    const [exact, mean, outdoor] = ['Indoor-Cooperative', 'PTZ-Indoor', 'PTZ-Outdoor'].map(
      (setting) => result[setting] as Setting,
    );
    expect([exact.subjects, mean.subjects, outdoor.subjects]).toEqual([2, 2, 1]);
    expect(exact.ganfit.mean).toBeLessThan(0.5 * mean.ganfit.mean);
    expect(exact.genova.mean).toBeLessThan(0.05);
    expect(mean.deng.mean).toBeGreaterThan(0.2);
    const captions = report.tables.map(({ caption }) => caption);
    expect(captions[0]).toMatch(/^GANFIT's protocol/);
    expect(captions[1]).toMatch(/another protocol/);
  });

  it('wants the template and the landmarks', async () => {
    const { data, predictions } = florence;
    await expect(openFlorenceBenchmark({ data, predictions })).rejects.toThrow(/--template FILE\.obj/);
    await expect(openFlorenceBenchmark({ data })).rejects.toThrow(/Videos\/Indoor-Cooperative.*frames/);
    rmSync(`${data}/MICC_landmarks`, { recursive: true });
    await expect(openFlorenceBenchmark(florence)).rejects.toThrow(
      /MICC_landmarks is missing.*barisgecer\/GANFit/,
    );
  });
});
