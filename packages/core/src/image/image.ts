/**
 * Raster images as plain typed arrays, `[height, width, channels]`, origin top left, pixel centres at +0.5.
 */
export interface Image<Data extends Uint8Array | Float32Array = Uint8Array> {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGBA (straight alpha). */
  readonly channels: 1 | 3 | 4;
  /** 8-bit images hold sRGB 0..255; float images hold linear RGB 0..1 unless the docstring of the holder differs. */
  readonly data: Data;
}

/** A decoded photograph: upright (EXIF applied), opaque (alpha over mid grey), three channels, 8-bit sRGB. */
export interface Photo extends Image {
  readonly channels: 3;
}
