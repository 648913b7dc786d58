import { expect, it } from 'vitest';
import { forecastsBelow } from '../../src/model/forecast-below.js';
import type { RowForecast } from '../../src/model/forecast-status.js';
import type { ReportRow } from '../../src/model/report-row.js';

const at = '2026-11-26T12:00:00.000Z';
const later = (minutes: number): string => new Date(Date.parse(at) + minutes * 60_000).toISOString();

function row(depot: string, parent: string, forecast?: Partial<RowForecast>, newest = 4): ReportRow {
  const isDone = forecast === undefined;
  const tools = {
    name: 'tools',
    role: 'child' as const,
    generation: isDone ? newest : newest - 1,
    newest,
    units: 1,
    unitsComplete: isDone ? 1 : 0,
    bytesLeft: isDone ? 0 : 1000,
    held: 0,
    lagSeconds: 0,
    error: null,
    ...(isDone ? {} : { forecast: { bytesLeft: 1000, doneAt: null, reason: null, waitsFor: null, ...forecast } }),
  };
  return { depot, site: `enterprise/${depot}`, parent, version: '1', at, repositories: [tools] };
}

const newest = new Map([['tools', 4]]);
const origin = { depot: 'origin', doneAtMs: new Map() };

it('a depot below is done when it says so itself, but not before those between that are later', () => {
  const rows = [
    row('germany', 'origin', { doneAt: later(90) }),
    row('munich', 'germany', { doneAt: later(30) }),
    row('hamburg', 'germany', { doneAt: later(120) }),
    row('paris', 'origin'),
    row('lyon', 'paris', { doneAt: null, reason: 'closed' }),
  ];
  expect(forecastsBelow(rows, newest, origin)).toMatchObject([
    { depot: 'germany', state: 'under-way', doneAt: later(90), waitsFor: null },
    { depot: 'munich', state: 'under-way', doneAt: later(90), waitsFor: 'germany' },
    { depot: 'hamburg', state: 'under-way', doneAt: later(120), waitsFor: null },
    { depot: 'paris', state: 'done', doneAt: null, bytesLeft: 0 },
    { depot: 'lyon', state: 'under-way', doneAt: null, reason: 'closed', waitsFor: null },
  ]);
});

it('nobody knows when a depot is done whose parent does not know, or that has not heard of what is new', () => {
  const rows = [
    row('germany', 'origin', { doneAt: null, reason: 'not-planned' }),
    row('munich', 'germany', { doneAt: later(30) }),
    row('paris', 'origin', undefined, 3),
    row('lyon', 'paris', { doneAt: later(10) }),
  ];
  expect(forecastsBelow(rows, newest, origin)).toMatchObject([
    { depot: 'germany', doneAt: null },
    { depot: 'munich', doneAt: null, waitsFor: 'germany' },
    { depot: 'paris', state: 'not-heard', doneAt: null },
    { depot: 'lyon', doneAt: null, waitsFor: 'paris' },
  ]);
});

it('counts what the asked depot itself waits for, and does not turn in a circle', () => {
  const own = { depot: 'germany', doneAtMs: new Map([['tools', Date.parse(later(45))]]) };
  const rows = [
    row('munich', 'germany', { doneAt: later(30) }),
    row('a', 'b', { doneAt: later(1) }),
    row('b', 'a', { doneAt: later(2) }),
  ];
  expect(forecastsBelow(rows, newest, own)).toMatchObject([
    { depot: 'munich', doneAt: later(45), waitsFor: 'germany' },
    { depot: 'a', doneAt: later(2), waitsFor: 'b' },
    { depot: 'b', doneAt: later(2), waitsFor: null },
  ]);
});
