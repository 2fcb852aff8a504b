export type { PinholeCamera } from './pinhole.ts';
export { project, projectionJacobian } from './project.ts';
export { axisAngleOf, multiply3, rotationMatrix, rotationMatrixDerivatives } from './rotation.ts';
export { cropCamera, scaleCamera } from './transform.ts';
export { cameraValues, IDENTITY_CROP, projectVertices } from './project-vertices.ts';
export type { CameraTensors } from './project-vertices.ts';
