/** Images to PNG and JPEG bytes on Node. No time stamps or other metadata, so the same pixels give the same bytes. */
import type { Image } from '@likeness/core/image';
import sharp, { type Sharp } from 'sharp';

export interface EncodePngOptions {
  /** zlib level 0..9. */
  readonly compressionLevel?: number;
}

export const ENCODE_PNG_DEFAULTS: Required<EncodePngOptions> = { compressionLevel: 6 };

export interface EncodeJpegOptions {
  /** 1..100. */
  readonly quality?: number;
}

export const ENCODE_JPEG_DEFAULTS: Required<EncodeJpegOptions> = { quality: 92 };

/** 8-bit sRGB image with 1, 3 or 4 channels to a PNG file. @throws RangeError where data and size do not agree. */
export async function encodePng(image: Image, options: EncodePngOptions = {}): Promise<Uint8Array> {
  const compressionLevel = options.compressionLevel ?? ENCODE_PNG_DEFAULTS.compressionLevel;
  return rawImage(image).png({ compressionLevel }).toBuffer();
}

/** 8-bit sRGB image to a JPEG file with full chroma resolution; alpha is dropped. @throws RangeError where data and size do not agree. */
export async function encodeJpeg(image: Image, options: EncodeJpegOptions = {}): Promise<Uint8Array> {
  const quality = options.quality ?? ENCODE_JPEG_DEFAULTS.quality;
  return rawImage(image).removeAlpha().jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
}

/** Encodes by media type: `image/png` or `image/jpeg`. */
export async function encodeImage(
  image: Image,
  type: 'image/png' | 'image/jpeg' = 'image/png',
): Promise<Uint8Array> {
  return type === 'image/png' ? encodePng(image) : encodeJpeg(image);
}

function rawImage(image: Image): Sharp {
  const { width, height, channels, data } = image;
  if (data.length !== width * height * channels) {
    throw new RangeError(
      `An image of ${width} x ${height} with ${channels} channels needs ${width * height * channels} bytes, got ${data.length}.`,
    );
  }
  const raw = sharp(data, { raw: { width, height, channels } });
  return channels === 1 ? raw.toColourspace('b-w') : raw;
}
