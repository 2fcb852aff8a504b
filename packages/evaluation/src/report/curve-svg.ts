/** Cumulative error curves as one SVG: share of the points at or below each error. */
import type { CumulativeErrorCurve } from '@likeness/core/evaluation';

export interface NamedCurve {
  readonly name: string;
  readonly curve: CumulativeErrorCurve;
}

const COLOURS = ['#1f6fb4', '#d4622a', '#3a923a', '#8d6bb8', '#777777'];
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [560, 340, 52, 44];

export function curveSvg(curves: readonly NamedCurve[], xLabel = 'error, mm'): string {
  const last = Math.max(...curves.map(({ curve }) => curve.thresholdsMm.at(-1) ?? 0), 1e-9);
  const x = (mm: number): number => LEFT + ((WIDTH - LEFT - 12) * mm) / last;
  const y = (share: number): number => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 12) * share;
  const ticks = Array.from({ length: 6 }, (_, i) => i / 5);
  const grid = ticks
    .map(
      (t) =>
        `<line x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(t)}" y2="${y(t)}" stroke="#ddd"/>` +
        `<text x="${LEFT - 6}" y="${y(t) + 4}" text-anchor="end">${Math.round(100 * t)} %</text>` +
        `<text x="${x(t * last)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${(t * last).toFixed(1)}</text>`,
    )
    .join('');
  const lines = curves
    .map(({ name, curve }, i) => {
      const points = Array.from(
        curve.thresholdsMm,
        (mm, k) => `${x(mm).toFixed(1)},${y(curve.fraction[k]).toFixed(1)}`,
      );
      const colour = COLOURS[i % COLOURS.length];
      return (
        `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>` +
        `<text x="${WIDTH - 20}" y="${HEIGHT - BOTTOM - 14 - 16 * (curves.length - 1 - i)}" text-anchor="end" fill="${colour}">${name.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`
      );
    })
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${grid}${lines}<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${xLabel}</text></svg>`;
}
