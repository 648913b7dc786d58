import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { DepotError } from '../model/errors.js';
import type { SubjectsStatus } from '../model/trust-status.js';
import { readCertificates } from '../trust/certificates.js';
import { namesOf } from '../trust/subject.js';
import { columns } from './columns.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, printProse, requestOf, type Program } from './request.js';
import { safe } from './words.js';

interface AddOptions {
  readonly depot: string;
  readonly site: string;
  readonly issuer?: string;
  readonly certificate?: string;
}

/** Whose certificates are whose, where the company's own PKI issues them. */
export function subjectCommand(program: Program): Command {
  return new Command('subject')
    .description("where the company's own PKI issues the certificates: which subject is which depot")
    .addCommand(listCommand(program))
    .addCommand(addCommand(program))
    .addCommand(removeCommand(program));
}

function addCommand(program: Program): Command {
  return new Command('add')
    .description('at the depot that holds the directory: certificates with this subject are those of a depot')
    .argument('[subject]', 'as openssl x509 -subject -nameopt RFC2253 prints it: CN=munich-1,O=Company')
    .requiredOption('--depot <name>', 'the depot')
    .requiredOption('--site <site>', 'where it stands')
    .option('--issuer <name>', 'only those that this CA issued, written in the same way (default: any of the PKI)')
    .option('--certificate <file>', 'take the subject from this certificate, PEM')
    .action(async (subject: string | undefined, options: AddOptions, command: Command) => {
      const request = requestOf(program, command);
      const { depot, site, issuer = null } = options;
      const row = { subject: await subjectFrom(subject, options.certificate), issuer, depot, site };
      const { subjects } = await daemonOf(request);
      const result = await subjects.add(row);
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, [
        ...result.subjects.map((added) => `${safe(added.subject)} is ${added.depot} at ${added.site}`),
        'this depot knows it now, those below one level a poll; its parent has to know it before it can connect',
      ]);
    });
}

function removeCommand(program: Program): Command {
  return new Command('remove')
    .description('at the depot that holds the directory: whoever shows this subject is no depot any more')
    .argument('<subject>')
    .option('--issuer <name>', 'only the row for this CA')
    .action(async (subject: string, { issuer }: { issuer?: string }, command: Command) => {
      const request = requestOf(program, command);
      const { subjects } = await daemonOf(request);
      const result = await subjects.remove(subject, issuer ?? null);
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, [
        ...result.subjects.map((removed) => `${safe(removed.subject)} is no longer ${removed.depot}`),
        'this depot cuts it off now, those below at their next poll',
      ]);
    });
}

function listCommand(program: Program): Command {
  return new Command('list')
    .description('the map, as the directory at this depot has it')
    .action(async (_options: object, command: Command) => {
      const request = requestOf(program, command);
      const { subjects } = await daemonOf(request);
      const result = await subjects.list();
      if (request.json) return printJson(request.terminal, result);
      await printLines(request.terminal, [...listLines(result, request.terminal.colours.dim)]);
    });
}

function* listLines({ subjects }: SubjectsStatus, dim: (text: string) => string): Generator<string> {
  if (subjects === null) {
    yield 'there is no map: certificates of this company name depot and site (depot cert)';
    return;
  }
  const rows = subjects.map(({ subject, issuer, depot, site }) => [
    depot,
    site,
    safe(issuer === null ? subject : `${subject}, issued by ${issuer}`),
  ]);
  yield* columns([{ head: 'DEPOT' }, { head: 'SITE' }, { head: 'SUBJECT' }], rows, dim).lines;
}

/** @throws DepotError `bad-request` where neither or both are given, `certificate-refused` */
async function subjectFrom(subject: string | undefined, file: string | undefined): Promise<string> {
  if ((subject === undefined) === (file === undefined)) {
    throw new DepotError('bad-request', 'either a subject or --certificate FILE is needed', { retry: 'never' });
  }
  if (subject !== undefined) return subject;
  const [leaf] = readCertificates(await readFile(file ?? '', 'utf8'), file ?? '');
  const names = namesOf(leaf);
  if (names !== undefined) return names.subject;
  throw new DepotError('certificate-refused', `the certificate in ${file} has no subject that a row could name`, {
    hint: 'have the PKI issue one with a subject, such as CN=munich-1,O=Company',
    retry: 'never',
  });
}
