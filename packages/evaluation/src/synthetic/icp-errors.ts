/**
 * The errors of the published protocols on synthetic truth: REALY's four regions and NoW, both forms. They are secondary: ICP
 * slides a prediction to where it looks best.
 */
import {
  evaluateNow,
  evaluateRealy,
  NOW_FROM_IBUG68,
  REALY_REGIONS,
  realyScanFromMesh,
} from '@likeness/core/evaluation';
import type { FaceRegion, SurfaceMesh } from '@likeness/core/evaluation';
import { landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import { skinOf } from '../datasets/predictor.ts';
import type { FaceMetric } from './face-metric.ts';

export interface IcpErrors {
  /** REALY-style, mm. */
  readonly regions: Readonly<Record<FaceRegion, number>>;
  /** Mean of the four. */
  readonly realyMm: number;
  /** NoW's statistics over the scan's vertices, mm. */
  readonly now: NowFigures;
  readonly nowMetrical: NowFigures;
}

export interface NowFigures {
  readonly medianMm: number;
  readonly meanMm: number;
  readonly stdMm: number;
}

/** Measures predictions of the model's topology against one truth of the same topology. */
export interface IcpMeter {
  /** @param prediction [V, 3] mm, any pose */
  measure(prediction: Float32Array): IcpErrors;
}

/** REALY's keypoints 68..84 lie beyond iBUG; the two it uses on the nose and the two on the cheeks are placed by these pairs. */
const FURTHER: Readonly<Record<number, readonly [number, number]>> = {
  70: [31, 48],
  71: [35, 54],
  76: [36, 48],
  77: [45, 54],
};
const KEYPOINTS = 85;
const NOSE_TIP = 30;

/** A true surface with what the protocols want to know of it. */
export interface TrueSurface {
  /** mm */
  readonly mesh: SurfaceMesh;
  /** [68, 3] iBUG. */
  readonly landmarks: ArrayLike<number>;
  /** Vertices of each region. */
  readonly regions: Readonly<Record<FaceRegion, readonly number[]>>;
}

/** Held-out heads: the model's own skin is the scan. @param truth [V, 3] mm, neutral */
export function surfaceOfHead(model: MorphableModel, truth: Float32Array, metric: FaceMetric): TrueSurface {
  const regions = {} as Record<FaceRegion, number[]>;
  for (const name of REALY_REGIONS) {
    const membership = metric.membership[name];
    regions[name] = [...membership.keys()].filter((v) => membership[v] > 0.5);
  }
  return {
    mesh: skinOf(model, truth),
    landmarks: landmarkPositions(model, model.landmarks['ibug68'], truth),
    regions,
  };
}

export function createIcpMeter(model: MorphableModel, truth: TrueSurface): IcpMeter {
  const { scan } = realyScanFromMesh(truth.mesh, truth.regions, realyKeypoints(truth.landmarks));
  const nowScan = { mesh: truth.mesh, landmarks: nowLandmarks(truth.landmarks) };
  return {
    measure(prediction) {
      const mesh = skinOf(model, prediction);
      const points = landmarkPositions(model, model.landmarks['ibug68'], prediction);
      const realy = evaluateRealy(scan, { mesh, keypoints: realyKeypoints(points) });
      const now = [false, true].map((metrical) => {
        const { statistics } = evaluateNow(nowScan, { mesh, landmarks: nowLandmarks(points) }, { metrical });
        return {
          medianMm: statistics.medianMm,
          meanMm: statistics.meanMm,
          stdMm: statistics.stdMm,
        };
      });
      const regions = {} as Record<FaceRegion, number>;
      for (const name of REALY_REGIONS) regions[name] = realy.regions[name].errorMm;
      return { regions, realyMm: realy.allMm, now: now[0], nowMetrical: now[1] };
    },
  };
}

/** [85, 3] of REALY from the 68 of iBUG; those that REALY's alignment never uses lie on the nose's tip. */
export function realyKeypoints(marks: ArrayLike<number>): Float64Array {
  const out = new Float64Array(KEYPOINTS * 3);
  out.set(marks);
  for (let i = 68; i < KEYPOINTS; i++) {
    const [a, b] = FURTHER[i] ?? [NOSE_TIP, NOSE_TIP];
    for (let c = 0; c < 3; c++) out[i * 3 + c] = (marks[a * 3 + c] + marks[b * 3 + c]) / 2;
  }
  return out;
}

export function nowLandmarks(marks: ArrayLike<number>): number[] {
  return NOW_FROM_IBUG68.flatMap((i) => [marks[i * 3], marks[i * 3 + 1], marks[i * 3 + 2]]);
}
