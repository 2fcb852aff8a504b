export { GLB_DEFAULTS, writeGlb } from './glb.ts';
export type { GlbOptions } from './glb.ts';
export { OBJ_DEFAULTS, expressedPositions, writeObj } from './obj.ts';
export type { ObjFiles, ObjOptions } from './obj.ts';
export { OVERLAY_DEFAULTS, composeOverlay } from './overlay.ts';
export type { OverlayOptions, OverlayPanels } from './overlay.ts';
export { FIT_REPORT_SCHEMA_VERSION, fitReport, scaleStatement } from './fit-report.ts';
export type { FitReportInput, FitReportPhoto, Json } from './fit-report.ts';
export { resizeImage } from './resize-image.ts';
export type {
  EncodedImage,
  ExportHead,
  HeadMorphs,
  HeadPart,
  HeadProvenance,
  PartMaterial,
} from './types.ts';
