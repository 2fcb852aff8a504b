/**
 * BlazeFace's outputs (Bazarevsky et al., 2019; the 256 px long-range variant) to faces in input pixels: 896 anchors, a
 * logit and 16 offsets each. Anchors are cell centres: 16 x 16 cells of 16 px with two anchors, 8 x 8 of 32 px with six;
 * their own size is fixed at 1, so offsets are plain input pixels.
 */

export const BLAZEFACE_INPUT_PX = 256;

/** A face as the detector sees it, in the pixels of whatever frame it has been mapped to. */
export interface DetectedFace {
  /** 0..1 */
  readonly score: number;
  readonly centreX: number;
  readonly centreY: number;
  /** Along and across the head's own axes once mapped to an image. */
  readonly width: number;
  readonly height: number;
  /** [6, 2]: the eye on image left of an upright face, the other eye, nose tip, mouth, ear on image left, other ear. */
  readonly keypoints: Float64Array;
}

const GRIDS: readonly { readonly cells: number; readonly perCell: number }[] = [
  { cells: 16, perCell: 2 },
  { cells: 8, perCell: 6 },
];

/** Number of anchors of each output pair, coarse grid last. */
export const BLAZEFACE_ANCHORS: readonly number[] = GRIDS.map(
  ({ cells, perCell }) => cells * cells * perCell,
);

/**
 * Decodes one grid.
 * @param grid 0 for the 512 fine anchors, 1 for the 384 coarse ones
 * @param logits [anchors]
 * @param offsets [anchors, 16]: centre x, y, width, height, then six keypoints x, y
 */
export function decodeBlazeFace(
  grid: 0 | 1,
  logits: Float32Array,
  offsets: Float32Array,
  minScore: number,
): DetectedFace[] {
  const { cells, perCell } = GRIDS[grid];
  const stride = BLAZEFACE_INPUT_PX / cells;
  // Compare logits, so that the exponential is taken for the few that pass.
  const minLogit = Math.log(minScore / (1 - minScore));
  const faces: DetectedFace[] = [];
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i];
    if (!(logit >= minLogit)) continue;
    const cell = Math.floor(i / perCell);
    const anchorX = ((cell % cells) + 0.5) * stride;
    const anchorY = (Math.floor(cell / cells) + 0.5) * stride;
    const at = i * 16;
    const width = offsets[at + 2];
    const height = offsets[at + 3];
    if (!(width > 0 && height > 0)) continue;
    const keypoints = new Float64Array(12);
    for (let k = 0; k < 6; k++) {
      keypoints[k * 2] = anchorX + offsets[at + 4 + k * 2];
      keypoints[k * 2 + 1] = anchorY + offsets[at + 5 + k * 2];
    }
    faces.push({
      score: 1 / (1 + Math.exp(-logit)),
      centreX: anchorX + offsets[at],
      centreY: anchorY + offsets[at + 1],
      width,
      height,
      keypoints,
    });
  }
  return faces;
}
