// The JSON beside an identity network: what is taken, what is refused and in which words.
import { describe, expect, it } from 'vitest';
import {
  IDENTITY_NETWORK_FORMAT,
  IdentityNetworkError,
  readIdentityDescription,
} from '../../src/analysis/index.ts';

describe('readIdentityDescription', () => {
  it('takes nothing, and everything', () => {
    expect(readIdentityDescription({})).toEqual({});
    const whole = {
      format: IDENTITY_NETWORK_FORMAT,
      name: 'mine',
      sizePx: 112,
      layout: 'nhwc',
      channels: 'bgr',
      mean: [123.7, 116.8, 103.9],
      std: 1,
      alignment: [
        [30, 40],
        [70, 40],
        [50, 60],
        [35, 80],
        [65, 80],
      ],
      cropScale: 1.4,
      output: 'fc1',
      activations: ['a', 'b'],
      licence: 'MIT',
      source: 'trained here',
    };
    expect(readIdentityDescription(whole)).toEqual(whole);
  });

  it.each<[unknown, RegExp]>([
    [null, /one object/],
    [[], /one object/],
    ['arcface', /one object/],
    [{ colour: 'rgb' }, /"colour" is no key of it; there are format, name/],
    [{ format: 'v2' }, /"format" should be "likeness-identity-network\/1", but is "v2"/],
    [{ name: '' }, /"name" should be a text/],
    [{ sizePx: 112.5 }, /"sizePx" should be a whole number of pixels from 16 to 1024, but is 112.5/],
    [{ sizePx: '112' }, /"sizePx"/],
    [{ layout: 'NCHW' }, /"layout" should be "nchw" or "nhwc", but is "NCHW"/],
    [{ channels: 'grey' }, /"channels"/],
    [{ mean: [1, 2], std: 1 }, /"mean" should be one number, or three, but is \[1,2\]/],
    [{ mean: 0, std: -1 }, /"std"/],
    [{ std: 1 }, /belong together/],
    [{ alignment: 'none' }, /"alignment" should be "arcface", "box" or five \[x, y\]/],
    [{ cropScale: 0 }, /"cropScale"/],
    [{ activations: [] }, /"activations" should be a list of names/],
  ])('refuses %j in one sentence', (json, message) => {
    expect(() => readIdentityDescription(json)).toThrow(IdentityNetworkError);
    expect(() => readIdentityDescription(json)).toThrow(message);
  });
});
