/** Everything the benchmark commands stand on; each folder is also a subpath. */
export { BenchInputError } from './bench-input-error.ts';
