/** The npm package gltf-validator brings no types. */
declare module 'gltf-validator' {
  export function validateBytes(data: Uint8Array): Promise<unknown>;
}
