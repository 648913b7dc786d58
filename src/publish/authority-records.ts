import * as z from 'zod';
import { enrolShape } from '../model/enrolment.js';
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

export type IssuedRecord = Records<'issued'>[number];
export type WaitingRecord = Records<'waiting'>[number];

export class AuthorityRecords {
  constructor(private readonly keys: KeyFiles) {}

  /** The oldest first. */
  read<K extends Kind>(kind: K): Records<K> {
    const text = this.keys.read(authorityFolder, `${kind}.json`);
    return (text === undefined ? [] : shapes[kind].parse(JSON.parse(text))) as Records<K>;
  }

  /** Durable when it resolves. */
  write<K extends Kind>(kind: K, records: Records<K>): Promise<void> {
    return this.keys.write(authorityFolder, `${kind}.json`, `${JSON.stringify(records, undefined, 1)}\n`);
  }
}
