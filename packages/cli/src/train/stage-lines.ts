/** Progress of a training that takes minutes: one line per stage and tenth, which a log file bears as well. */

export function stageLines(out: NodeJS.WritableStream): (stage: string, fraction: number) => void {
  let last = '';
  return (stage, fraction) => {
    const line = `${stage} ${10 * Math.floor(10 * fraction + 1e-9)}%`;
    if (line === last) return;
    last = line;
    out.write(`${line}\n`);
  };
}
