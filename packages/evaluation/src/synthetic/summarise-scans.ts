/** The scans' own part of the synthetic benchmark: tables by scan, never mixed with the heads' figures. */
import { bootstrap, REALY_REGIONS, skill } from '@likeness/core/evaluation';
import type { Report, ReportTable } from '../report/report.ts';
import type { IcpErrors } from './icp-errors.ts';
import type { ScanView } from './scan-view.ts';
import { figure } from './summarise-heads.ts';
import { CONTENDERS } from './synthetic-head.ts';
import type { Contender } from './synthetic-head.ts';

type Measured = ScanView & { readonly icp: Readonly<Record<Contender, IcpErrors>> };
const LABELS: Readonly<Record<Contender, string>> = {
  ours: 'Likeness',
  meanHead: 'mean head',
  oracle: 'oracle (closest in-model head)',
};

/** @returns figures by scan, tables and pictures */
export function summariseScans(views: readonly ScanView[]): {
  readonly result: Record<string, unknown>;
  readonly tables: ReportTable[];
  readonly pictures: Report['pictures'];
} {
  const names = [...new Set(views.map(({ scan }) => scan))];
  const result: Record<string, unknown> = {};
  const tables: ReportTable[] = [];
  for (const name of names) {
    const own = views.filter(({ scan }) => scan === name);
    const measured = own.filter((view): view is Measured => view.icp !== undefined);
    if (measured.length === 0) {
      result[name] = { views: own.length, fitted: 0 };
      continue;
    }
    const columns = CONTENDERS.map((contender) => measured.map(({ icp }) => icp[contender].realyMm));
    const gain = bootstrap(measured.length, (sample) => {
      const [oursMm, meanHeadMm, oracleMm] = columns.map(
        (column) => sample.reduce((sum, i) => sum + column[i], 0) / sample.length,
      );
      return skill({ oursMm, meanHeadMm, oracleMm });
    });
    result[name] = {
      views: own.length,
      fitted: measured.length,
      realyStyleMm: Object.fromEntries(
        CONTENDERS.map((contender) => [
          contender,
          {
            all: figure(measured.map(({ icp }) => icp[contender].realyMm)),
            ...Object.fromEntries(
              REALY_REGIONS.map((region) => [
                region,
                figure(measured.map(({ icp }) => icp[contender].regions[region])),
              ]),
            ),
          },
        ]),
      ),
      nowStyleMedianMm: Object.fromEntries(
        CONTENDERS.map((contender) => [
          contender,
          figure(measured.map(({ icp }) => icp[contender].now.medianMm)),
        ]),
      ),
      skillRealyStyle: { value: round(gain.value), low: round(gain.low), high: round(gain.high) },
    };
    tables.push({
      caption: `Scan ${name}: ${measured.length} of ${own.length} photographs fitted; REALY-style and NoW-style, mm; skill ${gain.value.toFixed(2)} [${gain.low.toFixed(2)}, ${gain.high.toFixed(2)}]`,
      columns: ['', 'all', ...REALY_REGIONS, 'NoW median', 'metrical'],
      rows: CONTENDERS.map((contender) => {
        const mean = (of: (errors: IcpErrors) => number): string =>
          figure(measured.map(({ icp }) => of(icp[contender]))).mean.toFixed(2);
        return [LABELS[contender], mean(({ realyMm }) => realyMm)].concat(
          REALY_REGIONS.map((region) => mean(({ regions }) => regions[region])),
          mean(({ now }) => now.medianMm),
          mean(({ nowMetrical }) => nowMetrical.medianMm),
        );
      }),
    });
  }
  return {
    result,
    tables,
    pictures: views.map((view) => ({
      caption: `${view.scan}, photograph ${view.view}: ${view.icp === undefined ? 'no face found' : `${view.icp.ours.realyMm.toFixed(2)} mm REALY-style`}`,
      mimeType: 'image/jpeg',
      data: new Uint8Array(Buffer.from(view.thumbnail, 'base64')),
    })),
  };
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
