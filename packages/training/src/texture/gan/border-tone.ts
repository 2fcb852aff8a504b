/**
 * What a window's border has in tone beyond its linear continuation, spread over the rest of the map. The continuation is
 * learned from the tones of some hundred people; a latent may mean another one, and then the map would have a step around
 * the face. The difference is taken in cells just inside of where the window gives way, and carried outwards as a membrane
 * would (`pullPush`, then a few rounds of relaxation), which is linear in it: a product with one constant matrix.
 */
import {
  averagePool2d,
  cast,
  constant,
  gather,
  matmul,
  reshape,
  resize2d,
  slice,
  sub,
  toFloat16,
  type Tensor,
} from '@likeness/graph';
import { pullPush } from '@likeness/core/texture';
import { levelSize, type FaceWindow } from './face-window.ts';

export interface BorderTone {
  /** Texels per side of a cell, and cells per side of the map. */
  readonly cell: number;
  readonly cells: number;
  /** [B] the border's cells, row-major in the window. */
  readonly border: Int32Array;
  /** [B, cells, cells] what a difference of 1 in one border cell, and 0 in the others, does to the map. */
  readonly spread: Float32Array;
}

/** Cells per side of the whole map, at most: 8 texels at 512. */
const CELLS = 64;
const ROUNDS = 60;

/** @param inset texels from the window's edge to the border's cells */
export function borderTone(window: FaceWindow, inset: number): BorderTone {
  const [h, w] = levelSize(window, window.topLevel);
  const { mapSize, x, y } = window;
  let cell = Math.max(1, 2 ** Math.floor(Math.log2(mapSize / CELLS)));
  while ([mapSize, x, y, h, w].some((length) => length % cell !== 0)) cell /= 2;
  const cells = mapSize / cell;
  const [rows, columns, depth] = [h / cell, w / cell, Math.floor(inset / cell)];
  const border: number[] = [];
  for (let row = depth; row < rows - depth; row++)
    for (let column = depth; column < columns - depth; column++)
      if ([row, column, rows - 1 - row, columns - 1 - column].includes(depth))
        border.push(row * columns + column);
  const count = border.length;
  const field = new Float32Array(cells * cells * count);
  const weight = new Float32Array(cells * cells);
  border.forEach((at, b) => {
    const i = (y / cell + Math.floor(at / columns)) * cells + x / cell + (at % columns);
    weight[i] = 1;
    field[i * count + b] = 1;
  });
  relax(pullPush(field, weight, cells, cells, count), weight, cells, count);
  const spread = new Float32Array(count * cells * cells);
  for (let i = 0; i < weight.length; i++)
    for (let b = 0; b < count; b++) spread[b * weight.length + i] = field[i * count + b];
  return { cell, cells, border: Int32Array.from(border), spread };
}

/** Each free cell becomes the mean of its neighbours: takes the blocks out of pull-push. */
function relax(field: Float32Array, weight: Float32Array, cells: number, count: number): void {
  const clamped = (k: number): number => Math.min(cells - 1, Math.max(0, k));
  for (let round = 0; round < ROUNDS; round++)
    for (let row = 0; row < cells; row++)
      for (let column = 0; column < cells; column++) {
        const i = row * cells + column;
        if (weight[i] > 0) continue;
        const around = [
          clamped(row - 1) * cells + column,
          clamped(row + 1) * cells + column,
          row * cells + clamped(column - 1),
          row * cells + clamped(column + 1),
        ];
        for (let b = 0; b < count; b++)
          field[i * count + b] = around.reduce((sum, j) => sum + field[j * count + b], 0) / 4;
      }
}

/**
 * @param coloured [1, 3, h, w] the window, 0..1
 * @param outside [1, 3, S, S] its continuation
 * @returns [1, 3, S, S] to be added to the continuation
 */
export function spreadBorderTone(
  coloured: Tensor,
  outside: Tensor,
  window: FaceWindow,
  { cell, cells, border, spread }: BorderTone,
): Tensor {
  const [h, w] = levelSize(window, window.topLevel);
  const { x, y, mapSize } = window;
  const there = slice(outside, [0, 0, y, x], [1, 3, y + h, x + w]);
  const small = averagePool2d(sub(coloured, there), { kernel: [cell, cell] });
  const flat = reshape(small, [3, (h * w) / cell ** 2]);
  const differences = gather(flat, constant(border, [border.length], 'int32'), 1);
  const narrow = constant(Uint16Array.from(spread, toFloat16), [border.length, cells * cells], 'float16');
  const field = reshape(matmul(differences, cast(narrow, 'float32')), [1, 3, cells, cells]);
  return cell === 1 ? field : resize2d(field, { size: [mapSize, mapSize] });
}
