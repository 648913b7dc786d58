import { watch } from 'chokidar';
import { join, relative } from 'node:path';

export interface Watcher {
  close(): Promise<void>;
}

export interface WatchEvents {
  /** Something below the folder is, or may be, different. */
  readonly onChange: () => void;
  /** A file or folder appeared (1) or went (-1), after the start. */
  readonly onCount: (change: 1 | -1) => void;
  /** Not all of the folder is watched any more: the limit of the system was reached, say. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Watches a folder and all below it, from some seconds after the start on: then `onChange` is called, because something
 * may have changed before.
 */
export function watchFolder(folder: string, isExcluded: (path: string) => boolean, events: WatchEvents): Watcher {
  const isIgnored = (file: string): boolean => {
    const path = relative(folder, file);
    return path !== '' && isExcluded(path);
  };
  const watcher = watch(folder, {
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
    ignored: isIgnored,
  });
  watcher.on('ready', events.onChange);
  watcher.on('all', (event) => {
    if (event === 'add' || event === 'addDir') events.onCount(1);
    if (event === 'unlink' || event === 'unlinkDir') events.onCount(-1);
    events.onChange();
  });
  // A mere change of mode is an event of the system, but none of chokidar's own.
  watcher.on('raw', (_event, name, details) => {
    const { watchedPath } = details as { readonly watchedPath?: string };
    if (watchedPath === undefined || isIgnored(watchedPath)) return;
    if (!isIgnored(join(watchedPath, name))) events.onChange();
  });
  watcher.on('error', (error) => events.onFailure(error instanceof Error ? error : new Error(String(error))));
  return { close: () => watcher.close() };
}
