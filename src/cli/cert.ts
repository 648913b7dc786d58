import { Command } from 'commander';
import type { CertificatesStatus, CertificateStatus, IssuedStatus } from '../model/trust-status.js';
import { columns } from './columns.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import { plural, safe } from './words.js';

const dayMs = 86_400_000;

export function certCommand(program: Program): Command {
  return new Command('cert')
    .description("this depot's certificate and the trusted roots; at the CA also those that it issued")
    .option('--renew', 'renew it now; it is done by itself after two thirds of its life')
    .action(async (options: { renew?: true }, command: Command) => {
      const request = requestOf(program, command);
      const { trust } = await daemonOf(request);
      const status = await (options.renew === true ? trust.renew() : trust.certificates());
      if (request.json) return printJson(request.terminal, status);
      await printLines(request.terminal, [...lines(status, request.terminal.now(), request.terminal.colours.dim)]);
    });
}

function* lines(
  { own, subject, directory, anchors, issued }: CertificatesStatus,
  now: number,
  dim: (text: string) => string,
): Generator<string> {
  if (own === null) {
    yield 'this depot has not joined: it speaks plain HTTP on loopback, and nobody knows for sure who it is';
    yield 'join a company: depot join; make one: depot ca init';
    return;
  }
  yield `${own.depot} at ${own.site}: serial ${own.serial}, ${daysLeft(own.expiresAt, now)}`;
  if (subject !== null) {
    yield `subject ${safe(subject)}, issued by the company's own PKI: to renew it, replace its files, then depot reload`;
    if (isEnding(own, now)) yield 'a third of its life or less is left, and nobody but the PKI can renew it';
  }
  for (const { subject: root, fingerprint, expiresAt } of anchors) {
    yield `root ${root}: ${daysLeft(expiresAt, now)}`;
    yield `  ${fingerprint}`;
  }
  if (subject !== null && directory !== null) yield `directory ${directory}`;
  if (issued === null) return;
  yield '';
  const row = ({ depot, site, serial, issuedAt, expiresAt, rejoined }: IssuedStatus): string[] => [
    depot,
    site,
    serial,
    daysLeft(expiresAt, now) +
      (rejoined === null ? '' : `, came back ${daysBetween(rejoined, issuedAt)} after its end`),
  ];
  const heads = [{ head: 'DEPOT' }, { head: 'SITE' }, { head: 'SERIAL' }, { head: 'LEFT' }];
  yield* columns(heads, issued.map(row), dim).lines;
}

function daysLeft(expiresAt: string, now: number): string {
  const days = Math.floor((Date.parse(expiresAt) - now) / dayMs);
  return days < 0 ? `expired ${-days} days ago` : `${days} days left`;
}

function daysBetween(from: string, to: string): string {
  return plural(Math.floor((Date.parse(to) - Date.parse(from)) / dayMs), 'day');
}

function isEnding({ issuedAt, expiresAt }: CertificateStatus, now: number): boolean {
  return Date.parse(expiresAt) - now <= (Date.parse(expiresAt) - Date.parse(issuedAt)) / 3;
}
