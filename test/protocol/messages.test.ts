import { describe, expect, it } from 'vitest';
import { demandsHash } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ReportRow } from '../../src/model/report-row.js';
import { limits } from '../../src/protocol/limits.js';
import { formatMessage, parseMessage, reportMessage, stateMessage } from '../../src/protocol/messages.js';

const row: ReportRow = {
  depot: 'munich-1',
  site: 'enterprise/germany/munich',
  parent: 'region-1',
  version: '0.1.0',
  at: '2026-11-21T10:00:00.000Z',
  repositories: [
    {
      name: 'tools',
      role: 'child',
      generation: 7,
      newest: 8,
      unitsComplete: 0,
      units: 1,
      bytesLeft: 1_000,
      held: 0,
      lagSeconds: 30,
      error: null,
    },
  ],
};
const demands = { tools: [{ include: ['mac/**'], exclude: [] }] };
const report = { rows: [row], demand: { hash: demandsHash(demands), repositories: demands } };

function parse(value: unknown): unknown {
  return parseMessage(reportMessage, Buffer.from(JSON.stringify(value)));
}

describe('a report', () => {
  it('is read back as it was written', () => {
    expect(parseMessage(reportMessage, formatMessage(report))).toEqual(report);
  });

  it('keeps what a newer depot below says in its rows', () => {
    const newer = { ...row, windows: 'open', repositories: [{ ...row.repositories[0], lagBytes: 5 }] };
    expect(parse({ ...report, rows: [newer] })).toMatchObject({ rows: [newer] });
  });

  it.each([
    ['a depot that is no name', { ...row, depot: '../x' }, 'rows.0.depot'],
    ['a site that is no path of names', { ...row, site: 'enterprise//x' }, 'rows.0.site'],
    ['a time that is none', { ...row, at: 'yesterday' }, 'rows.0.at'],
    [
      'a negative count',
      { ...row, repositories: [{ ...row.repositories[0], held: -1 }] },
      'rows.0.repositories.0.held',
    ],
  ])('is refused with %s', (_, bad, field) => {
    expect(() => parse({ ...report, rows: [bad] })).toThrow(field);
  });

  it('is refused with more rows than the limit', () => {
    expect(() => parse({ ...report, rows: Array.from({ length: limits.reportRows + 1 }, () => row) })).toThrow('rows');
  });

  it('is refused with globs that are longer than the limit', () => {
    const repositories = { tools: [{ include: ['*'.repeat(limits.globBytes + 1)], exclude: [] }] };
    expect(() => parse({ ...report, demand: { ...report.demand, repositories } })).toThrow('demand.repositories');
  });

  it('is refused with a demand on names that are none', () => {
    const repositories = { '../office': [] };
    expect(() => parse({ ...report, demand: { ...report.demand, repositories } })).toThrow('demand.repositories');
  });
});

describe('a message', () => {
  it('is refused where it is not UTF-8', () => {
    expect(() => parseMessage(stateMessage, Uint8Array.of(0x22, 0xff, 0x22))).toThrow();
  });

  it('of 5,000 depots of three repositories fits into the limit', () => {
    const [one] = row.repositories;
    const full = { ...row, repositories: one === undefined ? [] : [one, one, one] };
    const rows = Array.from({ length: limits.reportRows }, () => full);
    expect(formatMessage({ rows, demand: { hash: sha256('') } }).length).toBeLessThan(limits.reportBytes);
  });
});
