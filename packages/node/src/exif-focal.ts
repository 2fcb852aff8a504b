/**
 * The focal length that the camera wrote into the photo. A single face tells focal length and distance apart only by its
 * perspective; most phones and cameras write the one number that settles it.
 */

/** TIFF tags (Exif 2.32, 4.6.3 and 4.6.5). */
const TAG = {
  exifIfd: 0x8769,
  pixelXDimension: 0xa002,
  pixelYDimension: 0xa003,
  focalLengthIn35mmFilm: 0xa405,
} as const;

/** Diagonal of the 36 x 24 mm frame that the equivalent focal length refers to. */
const FULL_FRAME_DIAGONAL_MM = Math.hypot(36, 24);

/** Lenses that photograph faces; what lies outside is a slip of the pen of some camera or editor. */
const PLAUSIBLE_MM = { min: 10, max: 300 } as const;

/** Longer to shorter side of what cameras write; another shape was cut, and no tag says how much. */
const CAMERA_ASPECTS: readonly number[] = [3 / 2, 4 / 3, 16 / 9];
const ASPECT_TOLERANCE = 0.02;

/** What this module reads of the tags; absent where the file does not say, or not in a way that can be read. */
export interface ExifFocal {
  /** Equivalent focal length on 36 x 24 mm film by the frames' diagonals. */
  readonly focal35mm?: number;
  /** Size of the picture when the tags were written. */
  readonly pixelWidth?: number;
  readonly pixelHeight?: number;
}

/**
 * Reads the few tags. Never throws: damaged tags are as good as none.
 * @param exif the TIFF structure, with or without the `Exif\0\0` that JPEG puts before it
 */
export function readExifFocal(exif: Uint8Array): ExifFocal {
  const prefixed = exif.length >= 6 && String.fromCharCode(...exif.subarray(0, 4)) === 'Exif';
  const tiff = prefixed ? exif.subarray(6) : exif;
  if (tiff.length < 8) return {};
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return {};
  const little = order === 0x4949;
  if (view.getUint16(2, little) !== 42) return {};
  const pointer = readTags(view, view.getUint32(4, little), little).get(TAG.exifIfd);
  if (pointer === undefined) return {};
  const tags = readTags(view, pointer, little);
  const focal35mm = tags.get(TAG.focalLengthIn35mmFilm);
  const pixelWidth = tags.get(TAG.pixelXDimension);
  const pixelHeight = tags.get(TAG.pixelYDimension);
  // The standard's 0 means unknown, for all three.
  return {
    ...(focal35mm ? { focal35mm } : {}),
    ...(pixelWidth ? { pixelWidth } : {}),
    ...(pixelHeight ? { pixelHeight } : {}),
  };
}

/**
 * Focal length in pixels, where the tags can be trusted: a plausible lens and a picture that has the shape of a camera's
 * sensor, so that its diagonal is still the whole frame's. Turning a picture changes neither.
 * @param width, height of the picture as stored or upright, in pixels of any scale
 */
export function focalPxFromExif(
  exif: Uint8Array | undefined,
  width: number,
  height: number,
): number | undefined {
  if (exif === undefined) return undefined;
  const { focal35mm, pixelWidth, pixelHeight } = readExifFocal(exif);
  if (focal35mm === undefined || focal35mm < PLAUSIBLE_MM.min || focal35mm > PLAUSIBLE_MM.max)
    return undefined;
  const aspect = longToShort(width, height);
  if (!CAMERA_ASPECTS.some((usual) => agree(aspect, usual))) return undefined;
  // A picture that had another shape when the camera wrote it was cut since.
  if (pixelWidth !== undefined && pixelHeight !== undefined)
    if (!agree(aspect, longToShort(pixelWidth, pixelHeight))) return undefined;
  return (focal35mm / FULL_FRAME_DIAGONAL_MM) * Math.hypot(width, height);
}

function longToShort(a: number, b: number): number {
  return Math.max(a, b) / Math.min(a, b);
}

function agree(a: number, b: number): boolean {
  return Math.abs(a / b - 1) <= ASPECT_TOLERANCE;
}

/** The single SHORT and LONG values of one directory, by tag; entries past the end are left out. */
function readTags(view: DataView, offset: number, little: boolean): Map<number, number> {
  const tags = new Map<number, number>();
  if (offset + 2 > view.byteLength) return tags;
  const count = view.getUint16(offset, little);
  for (let i = 0; i < count; i++) {
    const at = offset + 2 + 12 * i;
    if (at + 12 > view.byteLength) break;
    const type = view.getUint16(at + 2, little);
    if (view.getUint32(at + 4, little) !== 1) continue;
    if (type === 3) tags.set(view.getUint16(at, little), view.getUint16(at + 8, little));
    if (type === 4) tags.set(view.getUint16(at, little), view.getUint32(at + 8, little));
  }
  return tags;
}
