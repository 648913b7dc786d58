import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Updater } from 'tuf-js';
import type { DepotError } from '../model/errors.js';
import type { Role, TrustedFiles } from '../model/metadata.js';
import { commonFields, roles, versionsOf } from './metadata.js';
import { refusal } from './refusal.js';
import { baseUrl, fetcherOver, type Passed, type TufSource } from './source.js';

export interface UpdateOptions {
  /** An existing folder of the caller's; tuf-js keeps its copy there, and the files of delegated roles. */
  readonly scratch: string;
  /** Whose metadata it is, for messages: "tools at https://depot.example:8443". */
  readonly subject: string;
}

/** What has passed verification, byte for byte as it came; `newRoots` oldest first. */
export interface Verified {
  readonly files: TrustedFiles;
  readonly newRoots: readonly { readonly version: number; readonly bytes: Uint8Array }[];
}

/** The client workflow of tuf-js on a scratch copy. The system's clock is what it holds expiries against. */
export interface Workflow {
  /** @throws DepotError: that of the source as it was; `head-refused` or `head-expired` for what did not pass. */
  run<T>(step: (updater: Updater) => Promise<T>): Promise<T>;
  verified(): Promise<Verified>;
}

/** @throws DepotError `head-refused` when the held root is none, or is not signed by its own keys. */
export async function openWorkflow(held: TrustedFiles, source: TufSource, options: UpdateOptions): Promise<Workflow> {
  const { scratch, subject } = options;
  const { fetcher, passed } = fetcherOver(source, subject);
  const expiredAtMs = (role: string): number | undefined => {
    const known = roles.find((name) => name === role);
    const bytes = passed.came.get(`${role}.json`) ?? (known === undefined ? undefined : held[known]);
    return bytes === undefined ? undefined : commonFields(known ?? 'targets', bytes).expiresAtMs;
  };
  const refused = (thrown: unknown): DepotError =>
    refusal(thrown, { subject, file: passed.asked() ?? 'the trusted root', expiredAtMs });
  for (const role of roles) {
    const bytes = held[role];
    if (bytes !== undefined) await writeFile(copyOf(scratch, role), bytes);
  }
  let updater: Updater;
  try {
    updater = new Updater({ metadataDir: scratch, metadataBaseUrl: baseUrl, fetcher });
  } catch (error) {
    throw refused(error);
  }
  return {
    async run(step) {
      try {
        return await step(updater);
      } catch (error) {
        const failure = passed.takeFailure();
        throw failure === undefined ? refused(error) : failure.thrown;
      }
    },
    verified: () => readVerified(held, passed, scratch),
  };
}

async function readVerified(held: TrustedFiles, passed: Passed, scratch: string): Promise<Verified> {
  const newest = versionsOf({ root: await readFile(copyOf(scratch, 'root')) }).root;
  const newRoots = [...passed.roots]
    .filter(([version]) => version <= newest)
    .map(([version, bytes]) => ({ version, bytes }));
  const files: { -readonly [role in Role]?: Uint8Array } & { root: Uint8Array } = {
    ...held,
    root: newRoots.at(-1)?.bytes ?? held.root,
  };
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    const came = passed.came.get(`${role}.json`);
    if (came !== undefined && (await isKept(came, copyOf(scratch, role)))) files[role] = came;
  }
  return { files, newRoots };
}

/** tuf-js writes what it accepted, as text; whatever else came, such as a timestamp of the version held, it dropped. */
async function isKept(came: Uint8Array, file: string): Promise<boolean> {
  const text = Buffer.from(came).toString('utf8');
  try {
    return (await readFile(file, 'utf8')) === text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

function copyOf(scratch: string, role: Role): string {
  return join(scratch, `${role}.json`);
}
