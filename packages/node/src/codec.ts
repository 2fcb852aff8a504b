/**
 * Photo decoding on Node by sharp: whatever camera, phone or scanner wrote it comes out as upright, opaque, 8-bit sRGB.
 *
 * Large pictures are shrunk while they are decoded (JPEG and WebP in the decoder itself), so that a 12,000 x 9,000 photo
 * never lies in memory whole. EXIF rotation is applied after the shrinking for the same reason: a quarter turn needs
 * random access to the pixels, and turning first would hold all of them (benchmarks/analysis/decode-memory.ts).
 */
import { readFile, stat } from 'node:fs/promises';
import type { Photo } from '@likeness/core/image';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { UnreadablePhotoError } from './codec-errors.ts';
import { turnUpright } from './codec-orientation.ts';
import { focalPxFromExif } from './exif-focal.ts';

export interface DecodePhotoOptions {
  /** Longer sides are scaled down to this many pixels; Infinity keeps every pixel. */
  readonly maxSidePx?: number;
  /** sRGB grey 0..255 that shows through transparent pixels. */
  readonly matte?: number;
  /** The name used in error messages where bytes are given. */
  readonly name?: string;
}

export const DECODE_PHOTO_DEFAULTS: Required<DecodePhotoOptions> = {
  maxSidePx: 4096,
  matte: 128,
  name: 'The given data',
};

/** A photo with what its file said about it. */
export interface DecodedPhoto extends Photo {
  /** Size of the upright picture in the file, in pixels, before any shrinking. */
  readonly originalWidth: number;
  readonly originalHeight: number;
  /** `jpeg`, `png`, `webp`, `avif`, `heif`, `tiff` or `gif`. */
  readonly format: string;
  /** Focal length in this picture's pixels, where the file says it in a way that can be trusted (`focalPxFromExif`). */
  readonly focalPx?: number;
}

const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'heif', 'tiff', 'gif']);
const HEIC_ADVICE = 'is HEIC, which cannot be read here: save or share it as JPEG and give that.';
const READABLE = 'JPEG, PNG, WebP, AVIF or TIFF';

/**
 * Decodes a photo from a path or from a file's bytes.
 *
 * Upright by its EXIF orientation; transparency over mid grey; grey, 16-bit, CMYK and wide-gamut pictures converted to
 * 8-bit sRGB by their ICC profile. Of an animation the first frame, of a TIFF the first page.
 *
 * @throws UnreadablePhotoError for a missing file, a folder, anything that is not a photo, and a photo that is damaged
 *   or cut off: a half-grey face would give a wrong head without anyone noticing, so it is refused, not patched.
 */
export async function decodePhoto(
  source: string | Uint8Array,
  options: DecodePhotoOptions = {},
): Promise<DecodedPhoto> {
  const maxSidePx = options.maxSidePx ?? DECODE_PHOTO_DEFAULTS.maxSidePx;
  const matte = options.matte ?? DECODE_PHOTO_DEFAULTS.matte;
  if (!(maxSidePx >= 1)) throw new RangeError(`maxSidePx must be at least 1, got ${maxSidePx}.`);
  const name = typeof source === 'string' ? source : (options.name ?? DECODE_PHOTO_DEFAULTS.name);
  const bytes = typeof source === 'string' ? await readPhotoFile(source) : source;
  if (bytes.length === 0) {
    throw new UnreadablePhotoError(name, 'is empty: copy the photo again from where it came from.');
  }
  const metadata = await readMetadata(bytes, name);
  const { width, height } = metadata;
  const turned = (metadata.orientation ?? 1) >= 5;
  const scale = Math.min(1, maxSidePx / Math.max(width, height));
  try {
    let image: Sharp = sharp(bytes, { failOn: 'error', sequentialRead: true });
    if (scale < 1) {
      image = image.resize({
        width: Math.max(1, Math.round(width * scale)),
        height: Math.max(1, Math.round(height * scale)),
        fit: 'fill',
        fastShrinkOnLoad: true,
      });
    }
    const { data, info } = await image
      .flatten({ background: { r: matte, g: matte, b: matte } })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const upright = turnUpright(
      toRgb(data, info.channels),
      info.width,
      info.height,
      metadata.orientation ?? 1,
    );
    const focalPx = focalPxFromExif(metadata.exif, upright.width, upright.height);
    return {
      ...upright,
      originalWidth: turned ? height : width,
      originalHeight: turned ? width : height,
      format: metadata.format === 'heif' && metadata.compression === 'av1' ? 'avif' : metadata.format,
      ...(focalPx === undefined ? {} : { focalPx }),
    };
  } catch (error) {
    throw new UnreadablePhotoError(
      name,
      `is damaged or cut off (${reasonOf(error)}): copy the photo again from where it came from, or save it anew in a picture editor.`,
      { cause: error },
    );
  }
}

/** sharp keeps decoded operations and runs on as many threads as there are cores; a command that reads each photo once wants neither. */
export function tuneCodecForCommandLine(): void {
  sharp.cache(false);
  sharp.concurrency(2);
}

async function readPhotoFile(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).isDirectory()) {
      throw new UnreadablePhotoError(path, 'is a folder: name the photos in it one by one.');
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof UnreadablePhotoError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'does not exist: check the path.'
        : code === 'EACCES' || code === 'EPERM'
          ? 'may not be read: check its permissions.'
          : `could not be read (${reasonOf(error)}): check the disk and try again.`;
    throw new UnreadablePhotoError(path, reason, { cause: error });
  }
}

async function readMetadata(bytes: Uint8Array, name: string): Promise<Metadata> {
  let metadata: Metadata;
  try {
    metadata = await sharp(bytes).metadata();
  } catch (error) {
    if (isHeic(bytes)) throw new UnreadablePhotoError(name, HEIC_ADVICE, { cause: error });
    const tooLarge = error instanceof Error && error.message.includes('pixel limit');
    throw new UnreadablePhotoError(
      name,
      tooLarge
        ? 'has more than 268 million pixels: scale it down first.'
        : `is not a photo that can be read: give a ${READABLE} file.`,
      { cause: error },
    );
  }
  if (metadata.format === 'heif' && isHeic(bytes)) throw new UnreadablePhotoError(name, HEIC_ADVICE);
  if (!FORMATS.has(metadata.format)) {
    throw new UnreadablePhotoError(
      name,
      `is ${metadata.format.toUpperCase()}, not a photo: give a ${READABLE} file.`,
    );
  }
  return metadata;
}

/**
 * Apple's photo format: the container of AVIF with HEVC inside, whose decoder is not free and not in sharp. Told by the
 * brands in the file's first box (ISO/IEC 14496-12, 4.3; 23008-12, annex B).
 */
function isHeic(bytes: Uint8Array): boolean {
  const box = String.fromCharCode(...bytes.subarray(4, 64));
  if (!box.startsWith('ftyp')) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  const brands: readonly string[] = box.slice(4, Math.max(8, length - 4)).match(/.{4}/gs) ?? [];
  return !brands.includes('avif') && brands.some((brand) => /^he(ic|ix|im|is|vc|vx|vm|vs)$/.test(brand));
}

/** sharp yields one channel for grey pictures and may keep an opaque alpha. */
function toRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  const grey = channels < 3;
  for (let i = 0; i < pixels; i++) {
    rgb[i * 3] = data[i * channels];
    rgb[i * 3 + 1] = data[i * channels + (grey ? 0 : 1)];
    rgb[i * 3 + 2] = data[i * channels + (grey ? 0 : 2)];
  }
  return rgb;
}

/** The decoder's own words without file names and line breaks, for the bracket in the message. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0].replace(/[.\s]+$/, '');
}
