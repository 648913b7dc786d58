import { DepotError } from '../model/errors.js';

/**
 * What a file of this depot's own holds, read as JSON by `parse`. One that is empty or cut short, as a disk may leave it that did
 * not keep what it had promised before a power cut, is named, and stays as it is.
 * @param hint how it comes back
 * @throws DepotError `data-unusable`
 */
export function readOwnJson<T>(path: string, text: string, hint: string, parse: (value: unknown) => T): T {
  try {
    return parse(JSON.parse(text));
  } catch (cause) {
    throw damagedFile(path, text.length, hint, cause);
  }
}

/** @param length of what is in it */
export function damagedFile(path: string, length: number, hint: string, cause?: unknown): DepotError {
  const seen = length === 0 ? 'it is empty' : 'it is cut short, or was altered';
  return new DepotError('data-unusable', `${path} is damaged: ${seen}`, { cause, hint, retry: 'never' });
}
