/** One photograph of a user's scan through the product; without correspondence, only the protocols' measures apply. */
import { landmarkPositions } from '@likeness/core/model';
import { renderHead } from '@likeness/core/render';
import { encodeJpeg } from '@likeness/node';
import { paintBackdrop } from './backdrop.ts';
import { createIcpMeter } from './icp-errors.ts';
import type { IcpErrors } from './icp-errors.ts';
import { exposeSensor, placeCamera, worldLight } from './render-setup.ts';
import { headRandom, sampleSetup } from './sample-setup.ts';
import type { ScanTruth } from './scan-truth.ts';
import { roundedDeep, thumbnail } from './synthetic-head.ts';
import type { Contender, SyntheticWorld } from './synthetic-head.ts';

export interface ScanView {
  readonly status: 'scan';
  readonly scan: string;
  readonly view: number;
  readonly noseDistanceMm: number;
  readonly yawDegrees: number;
  /** Absent where no face was found. */
  readonly icp?: Readonly<Record<Contender, IcpErrors>>;
  readonly thumbnail: string;
}

/** Photographs of each scan. */
export const SCAN_VIEWS = 5;

export async function measureScan(
  world: SyntheticWorld,
  scan: ScanTruth,
  number: number,
  view: number,
): Promise<ScanView> {
  const { model } = world.likeness;
  const index = 100_000 + number * SCAN_VIEWS + view;
  const setup = sampleSetup(model, headRandom(world.seed, index), index);
  const camera = placeCamera(setup, landmarkPositions(model, model.landmarks['ibug68'], scan.oracle));
  const image = renderHead({
    model: scan.surface,
    positions: scan.positions,
    camera,
    ...(scan.albedo === undefined ? {} : { albedo: scan.albedo }),
    light: worldLight(setup.light, camera),
    background: paintBackdrop(setup.widthPx, setup.heightPx, setup.backdropSeed),
    supersample: 2,
  });
  exposeSensor(image, setup);
  const base = {
    status: 'scan',
    scan: scan.name,
    view,
    noseDistanceMm: Math.round(setup.noseDistanceMm),
    yawDegrees: Number(setup.yawDegrees.toFixed(1)),
  } as const;
  let head;
  try {
    const jpeg = await encodeJpeg(image, { quality: setup.jpegQuality });
    head = await world.likeness.fit(jpeg, { preset: world.preset, seed: 0 });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'NoFaceError')) throw error;
    return { ...base, thumbnail: await thumbnail(image) };
  }
  const { factor } = head.result.fit.scale;
  const meter = createIcpMeter(model, scan.truth);
  return {
    ...base,
    icp: roundedDeep({
      ours: meter.measure(head.result.neutral.map((x) => factor * x)),
      meanHead: meter.measure(model.mean),
      oracle: meter.measure(scan.oracle),
    }),
    thumbnail: await thumbnail(image, head.result.overlay),
  };
}
