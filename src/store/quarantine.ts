import { mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Layout } from './layout.js';
import { isCode } from './system-error.js';

/** Moves a damaged file out of the way, for people to look at; gc drops it after 30 days. Nothing to do when it is gone. */
export function setAside(layout: Layout, file: string): void {
  mkdirSync(layout.quarantine, { recursive: true });
  try {
    renameSync(file, join(layout.quarantine, basename(file)));
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}
