import type { Host } from '../host.js';
import type { PreparedSoFar } from './preparation.js';
import type { CyclePhase, CycleProgress } from '../model/cycle-status.js';
import type { FileCount } from '../model/plan-status.js';
import type { WireBytes } from '../model/route.js';

/** After so long without a byte the mean so far foretells nothing. */
const quietMs = 15_000;

/** How far the cycles under way are: written by them, read by the status. One row a repository. */
export class ProgressBoard {
  private readonly rows = new Map<string, Row>();
  /** What the installation copies of packages were brought to, by repository; known for one run of the daemon. */
  readonly shown = new Map<string, string>();
  /** First installation copies that are made while their content comes, by repository; known for one run of the daemon. */
  readonly prepared = new Map<string, PreparedSoFar>();
  /** When the content of packages was last looked for, by repository; known for one run of the daemon. */
  readonly contentSoughtAtMs = new Map<string, number>();
  /** Whether the newer directory of the company that a parent has is longer than what passes a closed line. */
  directoryWaits = false;

  constructor(private readonly host: Host) {}

  /** A cycle of the repository begins; the row is gone when `end` is called. */
  begin(repository: string): CycleMeter {
    const row: Row = {
      phase: 'poll',
      startedAtMs: this.host.now(),
      fetchStartedAtMs: undefined,
      cameAtMs: this.host.now(),
      generation: null,
      urgent: false,
      files: { done: 0, total: 0 },
      bytes: 0,
      wire: { done: 0, total: 0, exact: true },
      gainedBytes: 0,
      arrivedBytes: 0,
      open: new Map(),
    };
    this.rows.set(repository, row);
    return {
      phase: (phase) => {
        row.phase = phase;
        if (phase !== 'fetch') return;
        row.fetchStartedAtMs ??= this.host.now();
        row.cameAtMs = this.host.now();
      },
      generation: (generation) => void (row.generation = generation),
      urgent: (urgent) => void (row.urgent = urgent),
      expect: ({ files, bytes }, wire) => {
        row.files = { done: 0, total: files };
        row.bytes = bytes;
        row.wire = { done: 0, total: wire.bytes, exact: wire.exact };
        row.open.clear();
      },
      share: (bytes, of) => shareOf(row, bytes, of ?? Symbol('share'), () => void (row.cameAtMs = this.host.now())),
      finished: () => void (row.files.done += 1),
      get arrivedBytes() {
        return row.arrivedBytes;
      },
      end: () => void this.rows.delete(repository),
    };
  }

  read(repository: string): CycleProgress | null {
    const row = this.rows.get(repository);
    if (row === undefined) return null;
    const { files, bytes, wire } = row;
    const seconds = row.fetchStartedAtMs === undefined ? 0 : (this.host.now() - row.fetchStartedAtMs) / 1000;
    const isMeasured = seconds >= 1 && row.arrivedBytes > 0;
    // What came in fewer bytes than were expected counts as expected: so does what is left. What was lost may be all that was gained.
    const left = Math.max(0, wire.total - wire.done);
    const quiet = row.phase === 'fetch' ? this.host.now() - row.cameAtMs : 0;
    const isQuiet = quiet >= quietMs && left > 0;
    const isForeseeable = !isQuiet && isMeasured && row.phase === 'fetch' && (row.gainedBytes > 0 || left === 0);
    const part = wire.total > 0 ? Math.min(1, wire.done / wire.total) : files.done === files.total ? 1 : 0;
    return {
      phase: row.phase,
      startedAt: new Date(row.startedAtMs).toISOString(),
      generation: row.generation,
      urgent: row.urgent,
      files: { ...files },
      bytes: { done: Math.floor(bytes * part), total: bytes },
      wire: { ...wire, done: Math.min(wire.done, wire.total) },
      bytesPerSecond: isQuiet ? 0 : isMeasured ? Math.round(row.arrivedBytes / seconds) : null,
      etaSeconds: isForeseeable ? Math.ceil((left * seconds) / Math.max(1, row.gainedBytes)) : null,
      ...(isQuiet ? { quietSeconds: Math.floor(quiet / 1000) } : {}),
    };
  }
}

export interface CycleMeter {
  phase(phase: CyclePhase): void;
  generation(generation: number): void;
  /** Whether what is fetched now is for an urgent release. */
  urgent(urgent: boolean): void;
  /** What the plan fetches, and what of that has still to cross the line. */
  expect(total: FileCount, wire: WireBytes): void;
  /**
   * The part of an object, or of a bundle, in what is expected.
   * @param bytes that have still to cross the line for it
   * @param of the same name for one that was begun before and did not end
   */
  share(bytes: number, of?: string): Share;
  /** A file has come. */
  finished(): void;
  /** That crossed the line in this cycle, used or not. */
  readonly arrivedBytes: number;
  end(): void;
}

/** What came of one object, or bundle. It never counts for more than was expected of it. */
export interface Share {
  /** Bytes that an earlier transfer left: they are not expected any more. */
  kept(bytes: number): void;
  arrived(bytes: number): void;
  /** Bytes that had arrived and turned out to be of no use. */
  lost(bytes: number): void;
  /** It is here: counts for all that was expected of it, or for so much; whatever crossed the line. */
  ended(bytes?: number): void;
}

interface Amount {
  done: number;
  total: number;
}

interface Open {
  readonly expected: number;
  came: number;
}

interface Row {
  phase: CyclePhase;
  readonly startedAtMs: number;
  fetchStartedAtMs: number | undefined;
  /** When the last byte came, or what is fetched now was begun. */
  cameAtMs: number;
  generation: number | null;
  urgent: boolean;
  files: Amount;
  /** Sizes of the files. */
  bytes: number;
  wire: Amount & { exact: boolean };
  /** By how much `wire.done` has grown in this cycle, over all its plans. */
  gainedBytes: number;
  arrivedBytes: number;
  /** Shares that were begun and have not ended. */
  readonly open: Map<string | symbol, Open>;
}

function shareOf(row: Row, bytes: number, key: string | symbol, noteArrival: () => void): Share {
  const before = row.open.get(key);
  const share = { expected: before?.expected ?? bytes, came: 0 };
  const set = (open: Open, came: number): void => {
    const [old, now] = [open.came, came].map((each) => Math.min(Math.max(each, 0), open.expected));
    open.came = Math.max(came, 0);
    const gained = (now ?? 0) - (old ?? 0);
    row.wire.done += gained;
    row.gainedBytes += gained;
  };
  if (before !== undefined) set(before, 0);
  set(share, share.expected - bytes);
  row.open.set(key, share);
  return {
    kept: () => undefined,
    arrived: (more) => {
      noteArrival();
      row.arrivedBytes += more;
      set(share, share.came + more);
    },
    lost: (less) => set(share, share.came - less),
    ended: (counted = share.expected) => {
      set(share, counted);
      row.open.delete(key);
    },
  };
}
