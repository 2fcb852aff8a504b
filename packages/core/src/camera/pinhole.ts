/**
 * The pinhole camera of the fit: perspective, square pixels, no distortion.
 *
 * Camera frame: +X right in the image, +Y up, looking along -Z, millimetres, so that
 *   x_cam = R x_world + t,   u = cx + f x_cam / -z_cam,   v = cy - f y_cam / -z_cam   (pixels, origin top left).
 * A frontal, upright head has R = identity and t = (0, 0, -distance).
 */
export interface PinholeCamera {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly focalPx: number;
  readonly principalPointPx: readonly [number, number];
  /** Axis-angle of R in radians (world -> camera). */
  readonly rotation: readonly [number, number, number];
  readonly translationMm: readonly [number, number, number];
}
