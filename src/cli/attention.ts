import { directoryName } from '../model/company.js';
import type { MissedStatus } from '../model/missed-windows.js';
import type { HeldBack } from '../model/publish-status.js';
import type { DepotStatus, ParentStatus, RepositoryStatus } from '../model/status.js';
import type { StatusError } from '../model/status-error.js';
import type { Terminal } from './terminal.js';
import { moveLines } from './move-attention.js';
import { ago, plural, safe, size, span } from './words.js';

type Colours = Terminal['colours'];

const mostNames = 10;

/** What a person should look at, each with the command that helps; empty where all is well. */
export function attention(status: DepotStatus, colours: Colours, now: number, allNames = false): string[] {
  const { directory, certificate } = status;
  return [
    ...status.parents.flatMap(({ url, error }) => (error === null ? [] : [...problem(url, error, colours, now)])),
    ...status.repositories.flatMap((repository) => [
      ...repositoryAttention(repository, status, colours, now, allNames),
    ]),
    ...(certificate?.error == null ? [] : problem('certificate', certificate.error, colours, now)),
    ...(directory?.error == null ? [] : problem('directory', directory.error, colours, now)),
    ...(status.given?.warnings ?? []).map((warning) => warn(colours, safe(warning))),
    ...status.children
      .filter(({ silent }) => silent)
      .map(({ depot, lastSeenAt }) =>
        warn(colours, `${depot} was last heard of ${ago(lastSeenAt, now)}: three polls are overdue`),
      ),
    ...(status.tally.silent === 0
      ? []
      : [
          warn(colours, `${plural(status.tally.silent, 'depot')} below not heard of for a day`),
          '  depot status --late; depot revoke NAME for one that is gone for good',
        ]),
    ...status.rejoined.map(({ depot, at, ended }) => {
      const since = span(Date.parse(at) - Date.parse(ended));
      return note(colours, `${depot} rejoined ${ago(at, now)} with a certificate that had ended ${since} before`);
    }),
    ...openRootKeys(status).map((name) =>
      note(colours, `root key of ${name} is on this machine: depot keys protect ${name}`),
    ),
  ];
}

/** Those whose root key whoever breaks in here can take. It is no fault: a company decides where its keys are. */
function openRootKeys({ repositories, directory }: DepotStatus): string[] {
  const open = repositories.filter(({ trust }) => trust.rootKey === 'here').map(({ name }) => name);
  return directory?.trust.rootKey === 'here' ? [...open, directoryName] : open;
}

function* repositoryAttention(
  repository: RepositoryStatus,
  status: DepotStatus,
  colours: Colours,
  now: number,
  allNames: boolean,
): Generator<string> {
  const { name, error, holds, source, damaged } = repository;
  for (const { kind, text, help } of moveLines(repository, now)) {
    yield { stop, warn, note }[kind](colours, text);
    if (help !== null) yield `  ${help}`;
  }
  if (error !== null && !isToldOfParent(error, status.parents)) yield* problem(name, error, colours, now);
  if (damaged > 0) {
    yield stop(colours, `${name}: ${plural(damaged, 'object')} damaged; a disk that damages files should be replaced`);
    yield source === null ? `  depot poll ${name} --wait` : `  depot publish ${name} --wait`;
  }
  if (repository.missedWindows !== null) yield* missedLines(repository.name, repository.missedWindows, colours, now);
  for (const hold of holds) {
    const what =
      hold.kind === 'head'
        ? `generation ${hold.generation}`
        : `the deletion of ${plural(hold.files, 'file')} (${size(hold.bytes)})`;
    yield warn(
      colours,
      `${name}: ${what} has waited for approval for ${span(now - Date.parse(hold.since))}: ${safe(hold.reason)}`,
    );
    yield `  depot approve ${hold.id}`;
  }
  if (source === null) return;
  if (source.refused !== null) {
    yield stop(colours, `${name}: nothing is published: ${safe(source.refused)}`);
  }
  yield* heldBackLines(name, source.heldBack, source.heldBackCount, colours, allNames);
}

/** How much there is, what a window carries, and how many it will take. */
function* missedLines(
  name: string,
  { windows, closedAt, bytesLeft, windowBytes, windowsNeeded }: MissedStatus,
  colours: Colours,
  now: number,
): Generator<string> {
  const numbers = [
    ...(bytesLeft === null ? [] : [`${size(bytesLeft)} left`]),
    ...(windowBytes === null ? [] : [`a window carries ${size(windowBytes)}`]),
    ...(windowsNeeded === null ? [] : [`it will take ${plural(windowsNeeded, 'more window')}`]),
  ];
  const told = numbers.length === 0 ? '' : `: ${numbers.join(', ')}`;
  const what = `${name}: not all had come when its window closed, ${windows} times running, last ${ago(closedAt, now)}`;
  yield stop(colours, `${what}${told}`);
  const isEnough = bytesLeft !== null && windowBytes !== null && bytesLeft <= windowBytes;
  yield isEnough
    ? `  the next window could carry it; what held it up: depot history ${name}`
    : `  depot forecast ${name}; a longer window or a higher rate is network: in the YAML, for once: depot pace RATE --for TIME`;
}

/** A parent that does not answer has its own line; its repositories all fail alike. */
function isToldOfParent({ message }: StatusError, parents: readonly ParentStatus[]): boolean {
  return parents.some(({ url, error }) => error !== null && (message === error.message || message.includes(url)));
}

/** The names that were held back, each with its reason, those beside each other that are one to Windows or macOS; ten, or all. */
export function* heldBackLines(
  repository: string,
  heldBack: readonly HeldBack[],
  total: number,
  colours: Colours,
  all = false,
): Generator<string> {
  if (total === 0) return;
  yield warn(colours, `${repository}: ${plural(total, 'name')} held back`);
  const shown = heldBack
    .toSorted((a, b) => compareTexts(folded(a.path), folded(b.path)))
    .slice(0, all ? undefined : mostNames);
  for (const { path, reason } of shown) yield `  ${visible(path)}  ${colours.dim(safe(reason))}`;
  if (total > shown.length)
    yield `  and ${total - shown.length} more: ${all ? 'the daemon lists the first thousand' : 'depot status --names'}`;
}

function folded(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** In quotes where a part begins or ends with a space, which nobody would see. */
function visible(path: string): string {
  return path.split('/').some((part) => part.trim() !== part) ? `"${safe(path)}"` : safe(path);
}

function* problem(subject: string, error: StatusError, colours: Colours, now: number): Generator<string> {
  const last = ago(error.at, now);
  const when = error.since === undefined ? last : `for ${span(now - Date.parse(error.since))}; last ${last}`;
  yield stop(colours, `${subject}: ${safe(error.message)} (${when})`);
  if (error.hint !== null) yield `  ${safe(error.hint)}`;
}

function stop(colours: Colours, text: string): string {
  return `${colours.red('!')} ${text}`;
}

function note(colours: Colours, text: string): string {
  return `${colours.cyan('*')} ${text}`;
}

function warn(colours: Colours, text: string): string {
  return `${colours.yellow('!')} ${text}`;
}
