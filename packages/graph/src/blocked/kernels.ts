// Convolution weights in the orders that ONNX Runtime's blocked convolutions read: channels in groups of B, the channels of one
// group innermost. Channels that fill up the last group are zeros.

/** Next multiple of `block`. */
export const roundUp = (channels: number, block: number): number => Math.ceil(channels / block) * block;

/** [o, i, taps] -> [o / B, i / B, taps, B (i), B (o)]: input in the blocked layout. */
export function blockBothChannels(
  data: Float32Array,
  outputs: number,
  inputs: number,
  taps: number,
  block: number,
): Float32Array {
  const out = new Float32Array(roundUp(outputs, block) * roundUp(inputs, block) * taps);
  // Written in order; what one block of outputs and inputs reads fits the cache.
  let to = 0;
  for (let o = 0; o < outputs; o += block) {
    const lanes = Math.min(block, outputs - o);
    for (let i = 0; i < inputs; i += block) {
      const rows = Math.min(block, inputs - i);
      for (let tap = 0; tap < taps; tap++, to += block * block) {
        for (let row = 0; row < rows; row++) {
          let from = (o * inputs + i + row) * taps + tap;
          const at = to + row * block;
          for (let lane = 0; lane < lanes; lane++, from += inputs * taps) out[at + lane] = data[from];
        }
      }
    }
  }
  return out;
}

/** [o, i, taps] -> [o / B, i, taps, B (o)]: input in the ordinary layout (few channels), or one input channel a group. */
export function blockOutputChannels(
  data: Float32Array,
  outputs: number,
  inputs: number,
  taps: number,
  block: number,
): Float32Array {
  const size = inputs * taps;
  const out = new Float32Array(roundUp(outputs, block) * size);
  for (let o = 0; o < outputs; o++) {
    const to = Math.floor(o / block) * block * size + (o % block);
    for (let j = 0; j < size; j++) out[to + j * block] = data[o * size + j];
  }
  return out;
}

/** `values`, filled up with zeros to a whole number of blocks. */
export function padToBlock(values: Float32Array, block: number): Float32Array {
  const out = new Float32Array(roundUp(values.length, block));
  out.set(values);
  return out;
}

/** An image [n, c, h, w] in the blocked layout [n, c / B, h, w, B]; one channel fills all lanes. */
export function blockImage(data: Float32Array, shape: readonly number[], block: number): Float32Array {
  const [n, channels, height, width] = shape;
  const padded = roundUp(channels, block);
  const pixels = height * width;
  const out = new Float32Array(n * padded * pixels);
  for (let image = 0; image < n; image++) {
    for (let c = 0; c < (channels === 1 ? block : channels); c++) {
      const from = (image * channels + (channels === 1 ? 0 : c)) * pixels;
      const to = (image * padded + Math.floor(c / block) * block) * pixels + (c % block);
      for (let pixel = 0; pixel < pixels; pixel++) out[to + pixel * block] = data[from + pixel];
    }
  }
  return out;
}
