import { Command } from 'commander';
import type { TreeFinding, VerifyResult } from '../model/upkeep-status.js';
import { exitCodes } from './exit-codes.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { watch } from './watching.js';
import { plural, safe, size } from './words.js';

export function verifyCommand(program: Program): Command {
  return new Command('verify')
    .description('read and hash all that is kept, and report what is damaged')
    .argument('[repository]', 'only what this one refers to')
    .action(async (repository: string | undefined, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const api = await daemonOf(request);
      const result = await watch(request, {}, (work) => api.verify(repository ?? null, work));
      if (json) await printJson(terminal, result);
      else await printProse(terminal, resultLines(result, terminal.colours));
      program.endWith(findings(result) > 0 ? exitCodes.damageFound.code : exitCodes.ok.code);
    });
}

function findings({ damaged, missing, pages, trees }: VerifyResult): number {
  return damaged.count + missing.count + pages.count + trees.count;
}

const mostListed = 20;

function* resultLines(result: VerifyResult, { green, red, dim }: Terminal['colours']): Generator<string> {
  const read = `${plural(result.files, 'object')}, ${size(result.bytes)} read`;
  const bad = findings(result);
  yield bad === 0 ? `${green('no damage')}: ${read}` : `${red(plural(bad, 'finding'))}: ${read}`;
  const kinds = [
    ['damaged object', result.damaged],
    ['missing object', result.missing],
    ['damaged or missing page', result.pages],
  ] as const;
  for (const [kind, { count, shas }] of kinds) {
    if (count === 0) continue;
    yield `${red('!')} ${plural(count, kind)}`;
    yield* capped(shas, count);
  }
  if (result.trees.count > 0) {
    yield `${red('!')} ${plural(result.trees.count, 'difference')} in installation copies`;
    const lines = result.trees.findings.map(
      ({ repository, path, problem, detail }) => `${problem}  ${repository}/${safe(path)}  ${dim(safe(detail))}`,
    );
    yield* capped(lines, result.trees.count);
  }
  const isForeign = ({ problem }: TreeFinding): boolean => problem === 'foreign';
  if (result.trees.findings.some(isForeign))
    yield "foreign files are not depotd's: delete or move them; they stay until something that is published takes their path";
  const healed = bad - result.trees.findings.filter(isForeign).length;
  if (healed > 0)
    yield 'what is damaged or missing comes anew with the next poll: depot poll --wait; at the master it is read again: depot publish REPO';
}

function* capped(lines: readonly string[], total: number): Generator<string> {
  for (const line of lines.slice(0, mostListed)) yield `  ${line}`;
  if (total > mostListed) yield `  and ${total - mostListed} more: depot verify --json`;
}
