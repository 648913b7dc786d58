import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { loadSettings, type Settings } from '../config/settings.js';
import { formatDuration, parseDuration } from '../config/units.js';
import type { FoundedOnAnchors } from '../daemon/founding-anchors.js';
import { realHost } from '../host.js';
import { DepotError } from '../model/errors.js';
import { readSecret } from './passphrase.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { safe } from './words.js';

interface InitOptions {
  readonly company?: string;
  readonly key?: string;
  readonly chain?: string;
  readonly anchors?: string;
  readonly grace: number;
}

const dayMs = 86_400_000;
/** For a depot that was off for months. */
const usualGraceMs = 90 * dayMs;
const longestGraceMs = 10 * 365 * dayMs;

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 0 && ms <= longestGraceMs) return ms;
  throw new InvalidArgumentError('a time such as 90d; 0s for none');
}

export function caCommand(program: Program): Command {
  return new Command('ca')
    .description("the company's certificate authority")
    .addCommand(initCommand(program))
    .addCommand(anchorsCommand(program))
    .addCommand(rotateCommand(program));
}

function rotateCommand(program: Program): Command {
  return new Command('rotate')
    .description('at the depot that holds the CA: a new root, while the old one is trusted on until --finish')
    .option('--root-key <file>', 'the key of the root of before, PEM, where it is not at this depot')
    .option('--finish', 'trust the old root no longer; refused while valid certificates lead to it')
    .action(async (options: { rootKey?: string; finish?: true }, command: Command) => {
      const request = requestOf(program, command);
      const { terminal } = request;
      const { trust } = await daemonOf(request);
      const { rootKey, finish } = options;
      const key = rootKey === undefined ? null : await readSecret(rootKey);
      const result = await (finish === true ? trust.finishRotation() : trust.rotateAuthority(key));
      if (request.json) return printJson(terminal, result);
      await printProse(terminal, [
        `the company's root is ${result.fingerprint} now`,
        ...(finish === true
          ? ['the root of before is trusted no longer, here at once and elsewhere one level a poll']
          : [
              'certificates are issued by it from now on; the root of before is trusted on',
              'depots renew by themselves when they hear of it, one level a poll; then: depot ca rotate --finish',
              'back up the folder keys/ of the data directory',
            ]),
      ]);
    });
}

function anchorsCommand(program: Program): Command {
  return new Command('anchors')
    .description("where the company's own PKI issues the certificates: trust these roots, and no others")
    .argument('<file>', 'all of them, PEM; in a change of the root, those of before and after')
    .action(async (file: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const { trust } = await daemonOf(request);
      const result = await trust.replaceAnchors(await readFile(file, 'utf8'));
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, [
        ...result.anchors.map((fingerprint) => `trusted: ${fingerprint}`),
        'here from now on, elsewhere one level a poll; depots whose certificates lead to another root are cut off then',
      ]);
    });
}

function initCommand(program: Program): Command {
  return new Command('init')
    .description("make the company's CA and directory at this depot, the origin, and its own certificate")
    .option('--company <name>', 'as it stands in the certificates (default: the first name of the site)')
    .option('--key <file>', 'take over this key of a CA that there is, PEM, with --chain')
    .option('--chain <file>', 'its certificate and those above it, the root last, PEM')
    .option(
      '--anchors <file>',
      "make no CA: certificates come from the company's own PKI, whose roots are in this file, PEM",
    )
    .addOption(
      new Option('--grace <time>', 'how long after its end a certificate can still be renewed')
        .argParser(duration)
        .default(usualGraceMs, formatDuration(usualGraceMs)),
    )
    .action(async (options: InitOptions, command: Command) => {
      const { terminal, configFile, json } = requestOf(program, command);
      const settings = await loadSettings(configFile);
      const { key, chain, anchors, company = settings.site.split('/')[0] ?? settings.site } = options;
      if ((key === undefined) !== (chain === undefined)) {
        throw new DepotError('bad-request', '--key and --chain belong together', { retry: 'never' });
      }
      if (anchors !== undefined) {
        if ((key ?? options.company) !== undefined) {
          throw new DepotError('bad-request', '--anchors makes no CA: leave --company, --key and --chain out', {
            retry: 'never',
          });
        }
        const { foundOnAnchors } = await import('../daemon/founding-anchors.js');
        const founded = await foundOnAnchors(settings, await readFile(anchors, 'utf8'), options.grace, realHost);
        if (json) return printJson(terminal, founded);
        return printProse(terminal, anchoredLines(founded, settings));
      }
      const how =
        key === undefined || chain === undefined
          ? { company }
          : { key: await readFile(key, 'utf8'), chain: await readFile(chain, 'utf8') };
      const { foundCompany } = await import('../daemon/founding.js');
      const founded = await foundCompany(settings, how, options.grace, realHost);
      if (json) return printJson(terminal, founded);
      await printProse(terminal, [
        `the company's CA and directory are at ${settings.depot} now`,
        `fingerprint of its root: ${founded.fingerprint}`,
        `its keys are in ${founded.folder}: back up the folder above it; root.key is needed for a new issuing certificate only, and may be taken offline`,
        ...listenLines(settings),
        'next: start the daemon, then depot invite NAME --site SITE',
      ]);
    });
}

function anchoredLines({ anchors, directory, subject }: FoundedOnAnchors, settings: Settings): string[] {
  return [
    `the company's directory is at ${settings.depot} now; certificates come from the company's own PKI`,
    ...anchors.map((fingerprint) => `trusted root: ${fingerprint}`),
    `${settings.depot} at ${settings.site} has the subject ${safe(subject)}`,
    `directory: ${directory}`,
    'back up the folder keys/ of the data directory',
    ...listenLines(settings),
    'next: start the daemon; for each depot, depot subject add SUBJECT --depot NAME --site SITE here, and there:',
    `depot join --certificate FILE --key FILE --directory ${directory} --parent URL`,
  ];
}

function listenLines({ listen, file }: Settings): string[] {
  return listen.scheme === 'https'
    ? []
    : [`set listen: in ${file} to https://0.0.0.0:8443 or another address: this depot speaks HTTPS only from now on`];
}
