import { join } from 'node:path';
import * as z from 'zod';
import { enrolShape } from '../model/enrolment.js';
import { readOwnJson } from '../store/damaged-file.js';
import type { KeyFiles } from '../store/keys.js';
import { authorityFolder } from './authority-files.js';

/** What the depot that holds the directory has to remember besides it, each a list in a file of its own. */
const shapes = {
  invitations: z.array(
    z.object({ depot: z.string(), site: z.string(), publicKey: z.string(), expiresAt: z.string(), by: z.string() }),
  ),
  issued: z.array(
    z.object({
      serial: z.string(),
      depot: z.string(),
      site: z.string(),
      issuedAt: z.string(),
      expiresAt: z.string(),
      /** Fingerprint of the root that it leads to. */
      root: z.string().optional(),
      /** When the certificate before ended, where that was over when this one was asked for. */
      rejoined: z.string().optional(),
    }),
  ),
  waiting: z.array(enrolShape.extend({ master: z.string(), site: z.string(), at: z.string() })),
};

type Kind = keyof typeof shapes;
type Records<K extends Kind> = z.infer<(typeof shapes)[K]>;

/** What is missing where a file is put aside, since there is no backup of it. */
const withoutIt: Readonly<Record<Kind, string>> = {
  invitations: 'open invitations are not honoured then, make them anew: depot invite',
  issued:
    'the certificates that were issued before stay valid then, but no command lists or finds them until they are renewed',
  waiting: 'repositories that wait for approval are asked for anew by their master depots then',
};

export type IssuedRecord = Records<'issued'>[number];
export type WaitingRecord = Records<'waiting'>[number];

export class AuthorityRecords {
  constructor(private readonly keys: KeyFiles) {}

  /** The oldest first. @throws DepotError `data-unusable` where the file is damaged; it stays as it is */
  read<K extends Kind>(kind: K): Records<K> {
    const file = `${kind}.json`;
    const text = this.keys.read(authorityFolder, file);
    if (text === undefined) return [] as Records<K>;
    const hint = `restore it from a backup of the folder keys/; without one, move it away; ${withoutIt[kind]}`;
    const path = join(this.keys.folder(authorityFolder), file);
    return readOwnJson(path, text, hint, (value) => shapes[kind].parse(value) as Records<K>);
  }

  /** Durable when it resolves. */
  write<K extends Kind>(kind: K, records: Records<K>): Promise<void> {
    return this.keys.write(authorityFolder, `${kind}.json`, `${JSON.stringify(records, undefined, 1)}\n`);
  }
}
