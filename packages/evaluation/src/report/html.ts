/** The report as one HTML file that needs nothing else: tables, and pictures as data. No script, no network. */
import type { Report, ReportPicture, ReportTable } from './report.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
th, td { border-bottom: 1px solid #8884; padding: 0.2rem 0.7rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
figure { display: inline-block; margin: 0.5rem 1rem 1rem 0; vertical-align: top; }
figure img { max-width: 100%; }
figcaption { font-size: 13px; max-width: 44rem; }
details summary { cursor: pointer; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; font-size: 13px; }
dd { margin: 0; }`;

/** @param provenance printed under the title: version, date, commit */
export function htmlReport(report: Report, provenance: Readonly<Record<string, unknown>> = {}): string {
  const facts = Object.entries(provenance).filter(([, value]) => typeof value !== 'object');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escape(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escape(report.title)}</h1>
${report.about.map((text) => `<p>${escape(text)}</p>`).join('\n')}
<dl>${facts.map(([key, value]) => `<dt>${escape(key)}</dt><dd>${escape(String(value))}</dd>`).join('')}</dl>
${report.tables
  .filter(({ detail }) => detail !== true)
  .map(table)
  .join('\n')}
${report.pictures.map(picture).join('\n')}
${report.tables
  .filter(({ detail }) => detail === true)
  .map((t) => `<details><summary>${escape(t.caption)}</summary>\n${table(t)}\n</details>`)
  .join('\n')}
</body>
</html>
`;
}

function table({ caption, columns, rows }: ReportTable): string {
  const cells = (row: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${row.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>\n<caption>${escape(caption)}</caption>\n<thead>${cells(columns, 'th')}</thead>\n<tbody>\n${rows
    .map((row) => cells(row, 'td'))
    .join('\n')}\n</tbody>\n</table>`;
}

function picture({ caption, mimeType, data }: ReportPicture): string {
  const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data);
  return `<figure><img alt="${escape(caption)}" src="data:${mimeType};base64,${bytes.toString('base64')}"><figcaption>${escape(caption)}</figcaption></figure>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
