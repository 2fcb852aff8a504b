/** A table as lines of text for the terminal. */
import type { ReportTable } from './report.ts';

/** The first column is flush left, the others flush right. */
export function textTable({ caption, columns, rows }: ReportTable): string {
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}`.trimEnd();
  const rule = `  ${widths.map((width) => '-'.repeat(width)).join('  ')}`;
  return [caption, line(columns), rule, ...rows.map(line), ''].join('\n');
}
