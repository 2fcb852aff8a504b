/**
 * Which of REALY's 85 keypoints serve which step. The first 68 are iBUG's; of the other 17 the protocol uses four: 70 and 71
 * beside the nose, 76 and 77 on the cheeks.
 */
import type { FaceRegion } from './types.ts';

export const REALY_REGIONS: readonly FaceRegion[] = ['nose', 'mouth', 'forehead', 'cheek'];

export const REALY_GLOBAL_KEYPOINTS: readonly number[] = [36, 39, 42, 45, 33, 48, 54];

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const OUTER_LIPS_AND_CORNERS = [...range(48, 60), 64];
const EYES_AND_BROWS = [...range(36, 47), ...range(17, 26)];

/** For the rigid alignment of each region. */
export const REALY_ALIGNMENT_KEYPOINTS: Readonly<Record<FaceRegion, readonly number[]>> = {
  nose: [...range(27, 35), 70, 71],
  mouth: OUTER_LIPS_AND_CORNERS,
  forehead: EYES_AND_BROWS,
  cheek: [...OUTER_LIPS_AND_CORNERS, 76, 77, 36, 41, 40, 39, 42, 47, 46, 45, 7, 8, 9],
};

/** For the deformation; the cheek has none. */
export const REALY_DEFORMATION_KEYPOINTS: Readonly<Record<FaceRegion, readonly number[] | undefined>> = {
  nose: range(27, 35),
  mouth: OUTER_LIPS_AND_CORNERS,
  forehead: EYES_AND_BROWS,
  cheek: undefined,
};
