import { join } from 'node:path';
import { DepotError } from '../model/errors.js';
import { damagedFile } from '../store/damaged-file.js';
import type { KeyFiles } from '../store/keys.js';
import type { Authority } from '../trust/authority.js';

/** The folder of the CA's keys and of what it has to remember. */
export const authorityFolder = '.authority';

const names = ['root.key', 'root.crt', 'issuing.key', 'issuing.crt', 'bridge.crt'] as const;
type Name = (typeof names)[number];

const restoring = 'restore the folder keys/ of the data directory from a backup';
const wholePem = /^-----BEGIN [^]*-----END [A-Z ]+-----\s*$/;

/**
 * The CA's keys and certificates. One that follows another stands under names that begin with its number, and takes its place
 * when the file `current` says so: a crash leaves the one or the other, whole.
 */
export class AuthorityFiles {
  constructor(private readonly keys: KeyFiles) {}

  /** @throws DepotError `data-unusable` where a part is missing or damaged */
  read(): Authority {
    const bridge = this.find('bridge.crt');
    return {
      rootKey: this.find('root.key') ?? null,
      rootCertificate: this.require('root.crt'),
      issuingKey: this.require('issuing.key'),
      issuingChain: this.find('issuing.crt') ?? '',
      ...(bridge === undefined ? {} : { bridge }),
    };
  }

  /** In force when it resolves; the keys of the one before are gone then. */
  async keep({ rootKey, rootCertificate, issuingKey, issuingChain, bridge = '' }: Authority): Promise<void> {
    const isFirst = this.find('root.crt') === undefined;
    const before = this.number();
    const number = isFirst ? before : before + 1;
    const write = async (name: Name, text: string | null): Promise<void> => {
      if (text !== null && text !== '') await this.keys.write(authorityFolder, fileOf(number, name), text);
    };
    await write('root.key', rootKey);
    await write('root.crt', rootCertificate);
    await write('issuing.crt', issuingChain);
    await write('bridge.crt', bridge);
    await write('issuing.key', issuingKey);
    if (isFirst) return;
    await this.keys.write(authorityFolder, 'current', `${number}\n`);
    for (const name of names) this.keys.remove(authorityFolder, fileOf(before, name));
  }

  private number(): number {
    const text = this.keys.read(authorityFolder, 'current') ?? '1';
    if (/^[1-9]\d*\n?$/.test(text)) return Number(text);
    throw damagedFile(join(this.keys.folder(authorityFolder), 'current'), text.length, restoring);
  }

  private find(name: Name): string | undefined {
    const file = fileOf(this.number(), name);
    const text = this.keys.read(authorityFolder, file);
    if (text !== undefined && !wholePem.test(text)) {
      throw damagedFile(join(this.keys.folder(authorityFolder), file), text.length, restoring);
    }
    return text;
  }

  private require(name: Name): string {
    const text = this.find(name);
    if (text !== undefined) return text;
    throw new DepotError('data-unusable', `${name} of the CA is not in ${this.keys.folder(authorityFolder)}`, {
      hint: restoring,
      retry: 'never',
    });
  }
}

function fileOf(number: number, name: Name): string {
  return number === 1 ? name : `${number}.${name}`;
}
