import type { Host } from '../host.js';
import type { CyclePhase, CycleProgress } from '../model/cycle-status.js';
import type { FileCount } from '../model/plan-status.js';

/** How far the cycles under way are: written by them, read by the status. One row a repository. */
export class ProgressBoard {
  private readonly rows = new Map<string, Row>();
  /** What the installation copies of packages were brought to, by repository; known for one run of the daemon. */
  readonly shown = new Map<string, string>();
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
      generation: null,
      urgent: false,
      files: { done: 0, total: 0 },
      bytes: { done: 0, total: 0 },
      arrivedBytes: 0,
    };
    this.rows.set(repository, row);
    return {
      phase: (phase) => {
        row.phase = phase;
        if (phase === 'fetch') row.fetchStartedAtMs ??= this.host.now();
      },
      generation: (generation) => void (row.generation = generation),
      urgent: (urgent) => void (row.urgent = urgent),
      expect: ({ files, bytes }) => {
        row.files = { done: 0, total: files };
        row.bytes = { done: 0, total: bytes };
      },
      kept: (bytes) => void (row.bytes.done += bytes),
      arrived: (bytes) => {
        row.bytes.done += bytes;
        row.arrivedBytes += bytes;
      },
      lost: (bytes) => void (row.bytes.done -= bytes),
      finished: () => void (row.files.done += 1),
      end: () => void this.rows.delete(repository),
    };
  }

  read(repository: string): CycleProgress | null {
    const row = this.rows.get(repository);
    if (row === undefined) return null;
    const seconds = row.fetchStartedAtMs === undefined ? 0 : (this.host.now() - row.fetchStartedAtMs) / 1000;
    const bytesPerSecond = seconds >= 1 && row.arrivedBytes > 0 ? Math.round(row.arrivedBytes / seconds) : null;
    const left = row.bytes.total - row.bytes.done;
    return {
      phase: row.phase,
      startedAt: new Date(row.startedAtMs).toISOString(),
      generation: row.generation,
      urgent: row.urgent,
      files: { ...row.files },
      bytes: { ...row.bytes },
      bytesPerSecond,
      etaSeconds: bytesPerSecond === null || row.phase !== 'fetch' ? null : Math.ceil(left / bytesPerSecond),
    };
  }
}

export interface CycleMeter {
  phase(phase: CyclePhase): void;
  generation(generation: number): void;
  /** Whether what is fetched now is for an urgent release. */
  urgent(urgent: boolean): void;
  expect(total: FileCount): void;
  /** Bytes that an earlier transfer left. */
  kept(bytes: number): void;
  arrived(bytes: number): void;
  /** Bytes that had arrived and turned out to be of no use. */
  lost(bytes: number): void;
  finished(): void;
  end(): void;
}

interface Amount {
  done: number;
  total: number;
}

interface Row {
  phase: CyclePhase;
  readonly startedAtMs: number;
  fetchStartedAtMs: number | undefined;
  generation: number | null;
  urgent: boolean;
  files: Amount;
  bytes: Amount;
  arrivedBytes: number;
}
