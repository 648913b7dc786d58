/** One name of a listed folder, or one path of a hold. */
export interface ListedEntry {
  readonly type: 'file' | 'link' | 'folder';
  /** Relative to the repository. */
  readonly path: string;
  /** Size of a file; of all files below a folder. */
  readonly bytes: number;
  /** Files and links below a folder; 1 for the others. */
  readonly files: number;
  readonly modifiedAt: string | null;
  readonly executable: boolean;
  /** Of a link. */
  readonly target: string | null;
  /** False for a file that this depot does not follow. */
  readonly selected: boolean;
}

/** Which state of a repository was listed. */
export interface Listing {
  readonly repository: string;
  readonly generation: number;
  readonly path: string;
}
