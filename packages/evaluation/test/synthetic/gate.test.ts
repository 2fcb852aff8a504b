/**
 * The regression gate for accuracy: ten held-out heads through the product. The bounds are a little wider than what was measured
 * on the day they were set (docs/benchmarking.md); a change that breaks one made heads worse, or scenes harder.
 */
import { expect, it } from 'vitest';
import { runAndClose } from '../run/closing.ts';
import { openSyntheticBenchmark, syntheticDataFolder } from '../../src/synthetic/synthetic-benchmark.ts';

interface Mean {
  readonly mean: number;
}

/** When set: 3.73 mm (mean head 4.27, skill 0.13), 2.70 mm (mean head 2.90), 3.2 degrees. */
const GATE = { rigidMm: 3.95, similarityMm: 2.8, poseDegrees: 4 };

it('ten held-out heads, preset draft', async () => {
  if (syntheticDataFolder() === undefined) {
    console.warn('SKIPPED: the gate of ten held-out heads needs ../shared/data/models (ICT-FaceKit).');
    return;
  }
  const { result } = await runAndClose(
    openSyntheticBenchmark({ heads: 10, preset: 'draft', seed: 1, icp: false }),
  );
  expect(result).toMatchObject({ synthetic: true, source: 'held-out', heads: 10 });
  const shape = result['correspondenceMm'] as Record<string, Record<string, Record<string, Mean>>>;
  const [ours, meanHead, oracle] = ['ours', 'meanHead', 'oracle'].map((name) => shape[name]);
  console.log(
    `gate: ${String(result['fitted'])} of 10 fitted; ours ${ours['rigid']['face'].mean} mm, mean head ${meanHead['rigid']['face'].mean}, oracle ${oracle['rigid']['face'].mean}; skill ${JSON.stringify(result['skill'])}`,
  );
  expect(result['fitted']).toBeGreaterThanOrEqual(9);
  // Baselines first: where these move, the scenes or the source moved.
  expect(oracle['rigid']['face'].mean).toBeLessThan(0.3);
  expect(meanHead['rigid']['face'].mean).toBeGreaterThan(2.5);
  expect(meanHead['rigid']['face'].mean).toBeLessThan(5.5);
  expect(ours['rigid']['face'].mean).toBeLessThan(GATE.rigidMm);
  expect((result['skill'] as { overall: number }).overall).toBeGreaterThan(0.05);
  expect(ours['similarity']['face'].mean).toBeLessThan(GATE.similarityMm);
  expect((result['poseDegrees'] as Mean).mean).toBeLessThan(GATE.poseDegrees);
  expect((result['albedoPercent'] as Mean).mean).toBeLessThan((result['meanAlbedoPercent'] as Mean).mean);
}, 180_000);
