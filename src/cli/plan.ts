import { Command } from 'commander';
import type { FileCount, PlanStep, PlanSummary } from '../model/plan-status.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, printProse, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { watch } from './watching.js';
import { count, generations, onTheLine, plural, safe, size, until } from './words.js';

export function planCommand(program: Program): Command {
  return new Command('plan')
    .description('what a poll would fetch, replace and delete, changing nothing')
    .argument('[repository]', 'only this one')
    .option('--files', 'path by path')
    .action(async (repository: string | undefined, options: { files?: boolean }, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const kept: PlanStep[] = [];
      const onSteps = async (steps: readonly PlanStep[]): Promise<void> => {
        if (json) kept.push(...steps);
        else
          await printLines(
            terminal,
            steps.map((step) => stepLine(step, terminal.colours)),
          );
      };
      const api = await daemonOf(request);
      const wantsSteps = options.files === true;
      const plans = await watch(request, { onSteps }, (work) =>
        api.plan(repository ?? null, { ...work, steps: wantsSteps }),
      );
      if (json) return printJson(terminal, { plans, steps: wantsSteps ? kept : null });
      if (plans.length === 0)
        return printProse(terminal, [
          'nothing to plan: no repository is known here yet; ask the parent: depot poll --wait',
        ]);
      await printProse(
        terminal,
        plans.flatMap((plan) => [...planLines(plan, terminal.colours, terminal.now())]),
      );
    });
}

function* planLines(plan: PlanSummary, { bold, dim, yellow }: Terminal['colours'], now: number): Generator<string> {
  const { repository, from, to, fetch, wire, relay, reused } = plan;
  const work: readonly (readonly [string, FileCount])[] = [
    ['add', plan.add],
    ['replace', plan.replace],
    ['delete', plan.delete],
  ];
  const isIdle = fetch.files === 0 && work.every(([, { files }]) => files === 0) && plan.hold.files === 0;
  if (isIdle) {
    yield from === to
      ? `${bold(repository)}: nothing to do, generation ${to} is here`
      : `${bold(repository)}: ${generations(from, to)}, without a change to files here`;
    return;
  }
  yield `${bold(repository)}: ${generations(from, to)}`;
  const row = (label: string, { files, bytes }: FileCount, note = ''): string =>
    `  ${label.padEnd(8)} ${count(files).padStart(9)} ${files === 1 ? 'file ' : 'files'}  ${size(bytes).padStart(8)}${note === '' ? '' : `  ${dim(note)}`}`;
  const below =
    relay.files === 0 ? [] : [`${plural(relay.files, 'file')}, ${size(relay.bytes)} of it for depots below`];
  yield row('fetch', fetch, fetch.files === 0 ? '' : [onTheLine(wire), ...below].join('; '));
  if (plan.urgent.files > 0) yield row('urgent', plan.urgent, 'of it for urgent releases, which come first');
  if (plan.contentAt !== null && fetch.files > 0) {
    yield dim(
      `           content is fetched ${until(plan.contentAt, now)} (poll.content); at once: depot poll ${repository}`,
    );
  }
  if (reused.files > 0) yield row('reuse', reused, 'their content is here already');
  for (const [label, amount] of work) if (amount.files > 0) yield row(label, amount);
  if (plan.hold.files > 0) yield yellow(row('hold', plan.hold, 'would wait for approval'));
}

const signs: Readonly<Record<PlanStep['action'], string>> = {
  add: '+',
  replace: '~',
  delete: '-',
  hold: '!',
  relay: '>',
};

function stepLine({ repository, action, path, bytes, fetch }: PlanStep, colours: Terminal['colours']): string {
  const paint = {
    add: colours.green,
    replace: colours.cyan,
    delete: colours.red,
    hold: colours.yellow,
    relay: colours.dim,
  }[action];
  const amount = size(bytes).padStart(8);
  return `${paint(signs[action])} ${amount} ${fetch ? 'fetch' : '     '}  ${repository}/${safe(path)}`;
}
