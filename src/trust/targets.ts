import { Readable } from 'node:stream';
import type { TargetFile } from '@tufjs/models';
import { DepotError } from '../model/errors.js';
import type { TrustedFiles } from './metadata.js';
import { refusal } from './refusal.js';
import { endless, missing, type TufSource } from './source.js';
import { openWorkflow, type UpdateOptions, type Workflow } from './updater.js';

/** Reads what trusted metadata names. */
export interface TargetReader {
  /**
   * The verified bytes of a target; `cached` itself, and no request, where that is them.
   * @throws DepotError `not-found` when no role names the path; `head-refused` when the bytes are not those named; what
   * the source threw.
   */
  read(path: string, cached?: Uint8Array): Promise<Uint8Array>;
}

/** A reader over metadata that was refreshed. Only delegated roles and targets are asked of the source, each role once. */
export async function openTargets(
  held: Required<TrustedFiles>,
  source: TufSource,
  options: UpdateOptions,
): Promise<TargetReader> {
  const workflow = await openWorkflow(held, heldFirst(held, source), options);
  await workflow.run((updater) => updater.refresh());
  return { read: (path, cached) => read(workflow, path, cached, source, options.subject) };
}

/** tuf-js asks for the top-level roles again; what is held is the answer, whatever the source has by now. */
function heldFirst(held: Required<TrustedFiles>, source: TufSource): TufSource {
  return {
    ...source,
    async metadata(name, maxBytes) {
      const role = /^(?:\d+\.)?(root|timestamp|snapshot|targets)\.json$/.exec(name)?.[1];
      if (role === undefined) return source.metadata(name, maxBytes);
      return role === 'root' ? undefined : held[role as 'timestamp' | 'snapshot' | 'targets'];
    },
  };
}

async function read(
  workflow: Workflow,
  path: string,
  cached: Uint8Array | undefined,
  source: TufSource,
  subject: string,
): Promise<Uint8Array> {
  const target = await workflow.run((updater) => updater.getTargetInfo(path));
  if (target === undefined) throw new DepotError('not-found', `${subject} has no target ${path}`);
  if (cached !== undefined && (await isTarget(target, cached))) return cached;
  const name = consistentName(target);
  const bytes = await source.target(name, target.length);
  if (bytes === undefined) throw missing(path, subject);
  if (bytes.length > target.length) throw endless(path, subject, target.length);
  try {
    await verify(target, bytes);
  } catch (error) {
    throw refusal(error, { subject, file: path, expiredAtMs: () => undefined });
  }
  return bytes;
}

async function isTarget(target: TargetFile, bytes: Uint8Array): Promise<boolean> {
  try {
    await verify(target, bytes);
    return true;
  } catch {
    return false;
  }
}

async function verify(target: TargetFile, bytes: Uint8Array): Promise<void> {
  await target.verify(Readable.from([bytes]));
}

/**
 * The path of a target under consistent snapshots, as it stands in a URL: its hash before the last part (TUF 5.7.3).
 * @throws DepotError `head-refused` for a path that leads out of the place of the targets
 */
function consistentName({ path, hashes }: TargetFile): string {
  const parts = path.split('/');
  if (parts.some((part) => part === '.' || part === '..')) {
    throw new DepotError('head-refused', `a target has the path ${path}, which leads elsewhere`);
  }
  const base = parts.pop() ?? '';
  return [...parts, `${Object.values(hashes)[0]}.${base}`].map(encodeURIComponent).join('/');
}
