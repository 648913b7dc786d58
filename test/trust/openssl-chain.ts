import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainInput } from '../../src/trust/chain.js';
import { openssl } from './fixture.js';

export const ecKey = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/**
 * A chain that openssl makes: for each certificate its extensions, the root first, the depot last. Keys and certificates
 * lie in the folder as `0.key`, `0.pem` and so on.
 */
export async function makeChain(
  folder: string,
  extensions: readonly (readonly string[])[],
  hash = 'sha256',
  key: readonly string[] = ecKey,
): Promise<ChainInput> {
  const texts: string[] = [];
  for (const [at, lines] of extensions.entries()) {
    const made = ['-newkey', ...key, '-nodes', '-keyout', `${at}.key`, '-subj', `/CN=made ${at}`, '-out', `${at}.csr`];
    await openssl(folder, 'req', '-new', ...made);
    await writeFile(join(folder, `${at}.ext`), `${lines.join('\n')}\n`);
    const signer = at === 0 ? ['-signkey', '0.key'] : ['-CA', `${at - 1}.pem`, '-CAkey', `${at - 1}.key`];
    const terms = ['-days', '30', `-${hash}`, '-extfile', `${at}.ext`, '-set_serial', String(at + 1)];
    await openssl(folder, 'x509', '-req', '-in', `${at}.csr`, '-out', `${at}.pem`, ...terms, ...signer);
    texts.push(await readFile(join(folder, `${at}.pem`), 'utf8'));
  }
  const [root = '', ...others] = texts;
  return {
    leaf: others.pop() ?? '',
    intermediates: others,
    anchors: [root],
    nowMs: Date.now() + 60_000,
    subjects: undefined,
  };
}
