import { Readable } from 'node:stream';
import type { TargetFile } from '@tufjs/models';
import { DepotError } from '../model/errors.js';
import type { TrustedFiles } from '../model/metadata.js';
import { refusal } from './refusal.js';
import { endless, missing, type TufSource } from './source.js';
import { openWorkflow, type UpdateOptions } from './updater.js';

export interface TargetOptions extends UpdateOptions {
  /** What was brought before. It is given back, without a request, where it is still the target. */
  readonly cached?: Uint8Array | undefined;
}

/**
 * The verified bytes of a target that trusted metadata names, or a role that it delegates to. Of the top-level roles
 * nothing is asked. The scratch folder can be the same for many targets of one repository: files of delegated roles that
 * are in it are verified again, and need not be fetched again.
 * @throws DepotError `not-found` when no role names the path; `head-refused` when the bytes are not those named, or a role
 * on the way is not to be trusted; `head-expired`; what the source threw.
 */
export async function downloadTarget(
  held: Required<TrustedFiles>,
  path: string,
  source: TufSource,
  options: TargetOptions,
): Promise<Uint8Array> {
  const { cached, subject } = options;
  // One updater a target: tuf-js would let a role that one delegation has led to pass for another, without its keys.
  const workflow = await openWorkflow(held, heldFirst(held, source), options);
  const target = await workflow.run((updater) => updater.getTargetInfo(path));
  if (target === undefined) throw new DepotError('not-found', `${subject} has no target ${path}`);
  if (cached !== undefined && (await isTarget(target, cached))) return cached;
  const bytes = await source.target(consistentName(target), target.length);
  if (bytes === undefined) throw missing(path, subject);
  if (bytes.length > target.length) throw endless(path, subject, target.length);
  try {
    await verify(target, bytes);
  } catch (error) {
    throw refusal(error, { subject, file: path, expiredAtMs: () => undefined });
  }
  return bytes;
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
