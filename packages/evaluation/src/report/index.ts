export { curveSvg } from './curve-svg.ts';
export type { NamedCurve } from './curve-svg.ts';
export { HEAT_MAP_DEFAULTS, heatColour, heatMap } from './heat-map.ts';
export type { HeatMapInput } from './heat-map.ts';
export { htmlReport } from './html.ts';
export type { Report, ReportPicture, ReportTable } from './report.ts';
export { textTable } from './text-table.ts';
