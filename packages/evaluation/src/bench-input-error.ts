/** The input of a benchmark cannot be used: a data set that is not laid out as it should be, results of another run. */
export class BenchInputError extends Error {
  override readonly name = 'BenchInputError';
}
