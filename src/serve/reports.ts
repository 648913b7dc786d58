import { DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import { demandsHash } from '../model/selection.js';
import { parseMessage, reportMessage, type ReportAnswer, type ReportMessage } from '../protocol/messages.js';
import type { Job, RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';

/** A report as it came, and who sent it. */
export interface SentReport {
  readonly bytes: Uint8Array;
  readonly child: string;
  readonly site: string;
  /** This depot. */
  readonly depot: string;
  readonly nowMs: number;
}

/** Up to here a report is read at once, in some milliseconds; a larger one by a worker thread. */
const smallBytes = 128 * 1024;

const rowsATransaction = 500;

/** Takes over the rows and the demand of a child and those below it. @throws DepotError `bad-request`, `not-allowed` */
export async function receiveReport(store: Store, run: RunJob, report: SentReport): Promise<ReportAnswer> {
  return report.bytes.length <= smallBytes ? accept(store, report) : run(takeReport, report);
}

/** `receiveReport` for reports of hundreds of depots. */
export const takeReport: Job<SentReport, ReportAnswer> = {
  name: 'take-report',
  run: accept,
};

function accept(store: Store, report: SentReport): ReportAnswer {
  const { child, site, nowMs } = report;
  const { rows, demand } = parse(report);
  for (const row of rows) checkSender(row, report);
  for (let at = 0; at < rows.length; at += rowsATransaction) {
    store.reports.put(rows.slice(at, at + rowsATransaction), { depot: child, site });
  }
  if (demand.repositories === undefined) {
    return { demand: store.demands.get(child)?.hash === demand.hash ? 'known' : 'send' };
  }
  const hash = demandsHash(demand.repositories);
  if (hash !== demand.hash) {
    throw new DepotError('bad-request', `report of ${child}: its demand hashes to ${hash}, it says ${demand.hash}`);
  }
  store.demands.set(child, site, hash, demand.repositories, nowMs);
  return { demand: 'known' };
}

function parse({ bytes, child }: SentReport): ReportMessage {
  try {
    return parseMessage<ReportMessage>(reportMessage, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DepotError('bad-request', `report of ${child}: ${reason}`, { cause });
  }
}

/** A depot speaks for its own site and those below it, and for nobody else. */
function checkSender(row: { readonly depot: string; readonly site: string }, { child, site, depot }: SentReport): void {
  if (!isWithin(row.site, site)) {
    throw new DepotError('not-allowed', `report of ${child}: ${row.depot} at ${row.site} is not below ${site}`, {
      hint: 'a depot reports for its own site and for those below it',
    });
  }
  if (row.depot === depot) {
    throw new DepotError('not-allowed', `report of ${child}: it has a row of ${depot}, which is this depot`, {
      hint: 'two depots have the same name, or the parents go round in a circle',
    });
  }
}
