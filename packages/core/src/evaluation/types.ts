/**
 * What the benchmark protocols take and give: plain meshes, landmarks and numbers, so that a reader of any data set can
 * call them and a report can draw every error on its vertex.
 */
import type { Similarity } from '../geometry/index.ts';

/** A triangle surface; positions [V, 3] in mm unless a protocol says otherwise, triangles [T, 3] of either winding. */
export interface SurfaceMesh {
  readonly positions: Float32Array | Float64Array;
  readonly triangles: Uint32Array;
}

/** [N, 3] points in the frame and unit of their mesh; 68 of them are in iBUG order, 7 in NoW's. */
export type Points = ArrayLike<number>;

/** The four regions of REALY, in the order of its table. */
export type FaceRegion = 'nose' | 'mouth' | 'forehead' | 'cheek';

/** Summary of unsigned distances; `stdMm` is the population's (divisor N). */
export interface ErrorStatistics {
  readonly count: number;
  readonly meanMm: number;
  readonly medianMm: number;
  readonly stdMm: number;
  readonly rmsMm: number;
  readonly percentile90Mm: number;
  readonly maxMm: number;
}

/** Errors at vertices of one mesh, for statistics and heat maps alike. */
export interface VertexErrors {
  /** [N] vertices of that mesh, ascending. */
  readonly vertices: Uint32Array;
  /** [N] mm, beside `vertices`. */
  readonly errorsMm: Float64Array;
  readonly statistics: ErrorStatistics;
}

/** A mean or median with its bootstrap interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** e.g. 0.95 */
  readonly level: number;
  readonly count: number;
}

/** Share of the errors at or below each threshold. */
export interface CumulativeErrorCurve {
  readonly thresholdsMm: Float64Array;
  /** [N] 0..1, ascending. */
  readonly fraction: Float64Array;
}

/** Predicted against true positions of one topology. */
export interface CorrespondenceResult extends VertexErrors {
  /** Moves the prediction onto the truth; scale 1 for the rigid variant. */
  readonly similarity: Similarity;
}

/** A template that GANFIT's protocol registers to the scans and that the predictions share. */
export interface FlorenceTemplate {
  /** mm. GANFIT's file has 1 unit = 100 mm: multiply its positions by 100. */
  readonly mesh: SurfaceMesh;
  /** [68] vertices, iBUG order. */
  readonly landmarkIds: ArrayLike<number>;
}

/** A scan as the template's vertices: what GANFIT's `registered` folder holds. */
export interface FlorenceRegistration {
  /** [V, 3] in the template's frame and scale, mm. */
  readonly positions: Float64Array;
  /** [68, 3] the annotated landmarks of the scan in that frame. */
  readonly landmarks: Float64Array;
  /** Scan -> template frame; its `scale` says how much the template's millimetre differs from the scan's. */
  readonly similarity: Similarity;
}

/** One direction of GANFIT's comparison: one mesh moved by similarity ICP onto the other's surface. */
export interface FlorenceDirection extends VertexErrors {
  readonly iterations: number;
}

export interface FlorenceScanResult {
  /** Mean of the two directions' means. */
  readonly errorMm: number;
  readonly registeredToPrediction: FlorenceDirection;
  readonly predictionToRegistered: FlorenceDirection;
}

export interface FlorenceResult {
  /** The better of the scans. */
  readonly errorMm: number;
  /** Index of that scan in `scans`. */
  readonly best: number;
  readonly scans: readonly FlorenceScanResult[];
}

/** Genova's/Deng's way with the same data: no template, plane distances. Never in one column with GANFIT's. */
export interface FlorencePlaneResult {
  /** Scan vertices within the crop against the prediction's planes. */
  readonly scanToPrediction: VertexErrors;
  /** Prediction vertices within the crop against the scan's planes. */
  readonly predictionToScan: VertexErrors;
  /** Mean of the two directions' mean distances (Genova et al.). */
  readonly meanMm: number;
  /** Root mean square of the scan-to-prediction distances (Deng et al.). */
  readonly rmseMm: number;
  /** Prediction -> scan. */
  readonly similarity: Similarity;
}

/** One subject of REALY, in the data set's own unit (about 9 mm). */
export interface RealyScan {
  readonly regions: Readonly<Record<FaceRegion, SurfaceMesh>>;
  /** [85, 3] */
  readonly keypoints: Points;
  /** mm per unit of this subject (a line of `metrical_scale.txt`). */
  readonly metricalScale: number;
}

export interface RealyPrediction {
  /** Any unit and pose. */
  readonly mesh: SurfaceMesh;
  /** [85, 3] in the mesh's frame. */
  readonly keypoints: Points;
  /** [V] 1 for the vertices of the face: the final closest points are sought on triangles of such vertices only. */
  readonly faceMask?: ArrayLike<number>;
}

export interface RealyRegionResult {
  /** Mean distance of the scan region's vertices, mm. */
  readonly errorMm: number;
  /** [V of the region] mm. */
  readonly errorsMm: Float64Array;
  /** [V of the region, 3] the point of the prediction each scan vertex was compared with, in the scan's unit. */
  readonly matched: Float64Array;
  readonly rigidIterations: number;
}

export interface RealyResult {
  readonly regions: Readonly<Record<FaceRegion, RealyRegionResult>>;
  /** Mean of the four regions' errors. */
  readonly allMm: number;
  /** Scale of the 7-keypoint similarity, scan unit per prediction unit. */
  readonly globalScale: number;
}

/** One scan of NoW: mm, with its 7 landmarks (outer and inner eye corners, nose bottom, mouth corners). */
export interface NowScan {
  readonly mesh: SurfaceMesh;
  /** [7, 3]: right eye outer, right inner, left inner, left outer, nose bottom, mouth right, mouth left. */
  readonly landmarks: Points;
}

export interface NowPrediction {
  /** Neutral expression. mm for the metrical variant, any unit otherwise. */
  readonly mesh: SurfaceMesh;
  /** [7, 3] in the order of the scan's. */
  readonly landmarks: Points;
}

export interface NowResult extends VertexErrors {
  readonly metrical: boolean;
  /** Prediction -> scan after refinement. */
  readonly similarity: Similarity;
  readonly cropCentre: readonly [number, number, number];
  readonly cropRadiusMm: number;
}

/** An error beside the two that give it its meaning. */
export interface SkillInput {
  readonly meanHeadMm: number;
  readonly oursMm: number;
  readonly oracleMm: number;
}
