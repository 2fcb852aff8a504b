import { describe, expect, it } from 'vitest';
import { curveSvg, heatColour, heatMap, htmlReport, textTable } from '../../src/report/index.ts';

const table = {
  caption: 'Errors <mm>',
  columns: ['', 'mean'],
  rows: [
    ['ours & co', '1.25'],
    ['x', '10.00'],
  ],
};

describe('the HTML report', () => {
  const html = htmlReport(
    {
      title: 'A <b>report</b>',
      about: ['What & why'],
      tables: [table, { ...table, detail: true }],
      pictures: [{ caption: 'a "picture"', mimeType: 'image/png', data: Uint8Array.of(1, 2, 3) }],
    },
    { version: '1.2.3', nested: {} },
  );

  it('is one file that asks nothing of the network', () => {
    expect(html).toContain('data:image/png;base64,AQID');
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/https?:|<script|@import|url\(/);
    expect(html).toContain("default-src 'none'");
  });

  it('escapes what it prints and says where it comes from', () => {
    expect(html).toContain('<title>A &lt;b&gt;report&lt;/b&gt;</title>');
    expect(html).toContain('ours &amp; co');
    expect(html).toContain('alt="a &quot;picture&quot;"');
    expect(html).toContain('<dt>version</dt><dd>1.2.3</dd>');
    expect(html).not.toContain('nested');
  });
});

describe('the terminal table', () => {
  it('lines up', () => {
    expect(textTable(table).split('\n')).toEqual([
      'Errors <mm>',
      '              mean',
      '  ---------  -----',
      '  ours & co   1.25',
      '  x          10.00',
      '',
    ]);
  });
});

describe('heat maps', () => {
  it('run from blue to red', () => {
    expect(heatColour(0)).toEqual([49, 54, 149]);
    expect(heatColour(1)).toEqual([190, 20, 38]);
    expect(heatColour(7)).toEqual(heatColour(1));
  });

  it('colour a surface by its error, grey where nothing was measured', () => {
    const positions = Float32Array.of(-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0);
    const triangles = Uint32Array.of(0, 1, 2, 0, 2, 3);
    const centre = (errors: number[]): number[] => {
      const image = heatMap({ positions, triangles, errorsMm: errors, maxMm: 2, heightPx: 64, views: [0] });
      const at = (32 * image.width + 32) * 3;
      return [...image.data.subarray(at, at + 3)];
    };
    expect(centre([2, 2, 2, 2])).toEqual([190, 20, 38]);
    expect(centre([0, 0, 0, 0])).toEqual([49, 54, 149]);
    expect(centre([Number.NaN, Number.NaN, Number.NaN, Number.NaN])).toEqual([170, 170, 170]);
  });
});

describe('the error curve', () => {
  it('is an SVG with one line a curve', () => {
    const curve = { thresholdsMm: Float64Array.of(0, 1, 2), fraction: Float64Array.of(0, 0.5, 1) };
    const svg = curveSvg([
      { name: 'a < b', curve },
      { name: 'c', curve },
    ]);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).toContain('a &lt; b');
  });
});
