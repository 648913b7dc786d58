/**
 * Replaces a file so that a crash leaves the old one or the new one, whole. Makes the folder when it is missing.
 * `mode` is exact, whatever the umask; default 0644.
 */
export function writeFileDurably(
  _path: string,
  _bytes: Uint8Array | string,
  _options: { readonly mode?: number } = {},
): Promise<void> {
  throw new Error('soon');
}

/** Entries made, renamed or removed in the folder are durable when it resolves. */
export function syncFolder(_path: string): Promise<void> {
  throw new Error('soon');
}

/** Files and the folders that name them are durable when it resolves: one by one for a few, else the whole filesystem of `data` at once. */
export function syncMany(_data: string, _files: readonly string[]): Promise<void> {
  throw new Error('soon');
}
