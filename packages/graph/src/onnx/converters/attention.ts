// Attention as one operation (operator set 23), written out as the products and the softmax that it is.
import { ImportError } from '../../imported-model.ts';
import { add, mul } from '../../ops/arithmetic.ts';
import { where } from '../../ops/compare.ts';
import { constant } from '../../ops/input.ts';
import { matmul, swapLast } from '../../ops/matmul.ts';
import { concat } from '../../ops/slice-pad.ts';
import { softmax } from '../../ops/reduce.ts';
import { expand, reshape, transpose } from '../../ops/shape.ts';
import { tanh } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor.ts';
import type { NodeCall, OnnxConverter } from '../call.ts';
import { hostSize } from './shape.ts';

/** [batch, length, heads size] -> [batch, heads, length, size]; what has four axes is that already. */
function splitHeads(x: Tensor, heads: number): Tensor {
  if (x.rank === 4) return x;
  const [batch, length, width] = x.shape;
  if (x.rank !== 3 || heads < 1 || width % heads !== 0) {
    throw new ImportError(`expected [batch,length,${heads} heads · size], received ${x.toString()}`);
  }
  return transpose(reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** Keys or values for every query head: each of the fewer heads serves a run of them. */
function repeatHeads(x: Tensor, heads: number): Tensor {
  const [batch, own, length, size] = x.shape;
  if (own === heads) return x;
  if (heads % own !== 0) throw new ImportError(`${heads} query heads do not divide by ${own} key heads`);
  const spread = expand(reshape(x, [batch, own, 1, length, size]), [batch, own, heads / own, length, size]);
  return reshape(spread, [batch, heads, length, size]);
}

/** True where a query may see a key: not those after it, `offset` keys being older than the first query. */
function causalMask(queries: number, keys: number, offset: number): Tensor {
  const mask = new Uint8Array(hostSize(queries * keys, 'a causal mask'));
  for (let query = 0; query < queries; query++) {
    for (let key = 0; key < keys; key++) mask[query * keys + key] = key <= query + offset ? 1 : 0;
  }
  return constant(mask, [queries, keys], 'bool');
}

function masked(scores: Tensor, call: NodeCall, offset: number): Tensor {
  let out = scores;
  const mask = call.optionalTensor(3);
  if (mask) out = mask.dtype === 'bool' ? where(mask, out, -Infinity) : add(out, mask);
  if (call.int('is_causal', 0) === 0) return out;
  const [queries, keys] = out.shape.slice(-2);
  return where(causalMask(queries, keys, offset), out, -Infinity);
}

/** softmax(q kᵀ scale + mask) v, with grouped heads, past keys and values, and a soft cap of the scores. */
const convertAttention: OnnxConverter = (call) => {
  const given = call.tensor(0);
  const heads = given.rank === 4 ? given.shape[1] : call.int('q_num_heads');
  const keyHeads = call.value(1).shape.length === 4 ? call.value(1).shape[1] : call.int('kv_num_heads');
  if (call.int('qk_matmul_output_mode', 0) !== 0 || call.wants(3)) {
    throw new ImportError('the scores of an attention as an output are not supported');
  }
  if (call.optionalValue(6)) throw new ImportError('lengths without padding are not supported');
  call.int('softmax_precision', 0);
  const q = splitHeads(given, heads);
  const past = [call.optionalTensor(4), call.optionalTensor(5)];
  const [k, v] = [1, 2].map((index) => {
    const fresh = splitHeads(call.tensor(index), keyHeads);
    const old = past[index - 1];
    return old ? concat([old, fresh], 2) : fresh;
  });
  const scale = call.float('scale', 1 / Math.sqrt(q.shape[3]));
  const cap = call.float('softcap', 0);
  // Half of the scale on either side keeps float16 in range, as the definition says.
  const products = matmul(mul(q, Math.sqrt(scale)), swapLast(mul(repeatHeads(k, heads), Math.sqrt(scale))));
  const soft = cap > 0 ? mul(tanh(mul(products, 1 / cap)), cap) : products;
  const weights = softmax(masked(soft, call, k.shape[2] - call.value(1).shape.at(-2)!));
  const y = matmul(weights, repeatHeads(v, heads));
  const [batch, , length, size] = y.shape;
  const out = given.rank === 4 ? y : reshape(transpose(y, [0, 2, 1, 3]), [batch, length, heads * size]);
  return [out, k, v];
};

/** Converter of attention. */
export const ATTENTIONS: Readonly<Record<string, OnnxConverter>> = { Attention: convertAttention };
