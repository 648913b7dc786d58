import { expect, test } from 'vitest';
import { makeAuthority } from '../../src/trust/authority.js';
import { readCertificates } from '../../src/trust/certificates.js';
import { checkChain } from '../../src/trust/chain.js';
import { succeedAuthority } from '../../src/trust/succeed-authority.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../harness/temporary.js';
import { enrol, munich, newAuthority, nowMs, openssl, refusalOf } from './fixture.js';

test('what a new CA issues is accepted by those that know only the root before, and by those that know only its own', async () => {
  const before = await newAuthority();
  const after = await succeedAuthority({ before, rootKey: null, nowMs });
  expect(after.rootCertificate).not.toBe(before.rootCertificate);
  expect(readCertificates(after.rootCertificate, 'the root')[0].subject).toContain('O=Example GmbH');
  const { certificate, chain } = await enrol(after, munich);
  const intermediates = readCertificates(chain, 'the chain').slice(1);
  for (const anchors of [
    [before.rootCertificate],
    [after.rootCertificate],
    [before.rootCertificate, after.rootCertificate],
  ]) {
    expect(checkChain({ leaf: certificate, intermediates, anchors, nowMs, subjects: undefined }).identity).toEqual(
      munich,
    );
  }
  const stranger = await newAuthority('Other GmbH');
  expect(() =>
    checkChain({ leaf: certificate, intermediates, anchors: [stranger.rootCertificate], nowMs, subjects: undefined }),
  ).toThrow();
});

test('OpenSSL follows the new chain from either root', async () => {
  const now = Date.now();
  const before = await newAuthority('Example GmbH', now);
  const after = await succeedAuthority({ before, rootKey: null, nowMs: now });
  const { certificate, chain } = await enrol(after, munich, now);
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'leaf.pem'), certificate);
  await writeFile(join(folder, 'rest.pem'), chain.slice(certificate.length));
  for (const root of [before.rootCertificate, after.rootCertificate]) {
    await writeFile(join(folder, 'root.pem'), root);
    const said = await openssl(
      folder,
      'verify',
      '-x509_strict',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'rest.pem',
      'leaf.pem',
    );
    expect(said).toBe('leaf.pem: OK\n');
  }
});

test('a CA that followed another can be followed in turn', async () => {
  const first = await newAuthority();
  const second = await succeedAuthority({ before: first, rootKey: null, nowMs });
  const third = await succeedAuthority({ before: second, rootKey: null, nowMs });
  const { certificate, chain } = await enrol(third, munich);
  const intermediates = readCertificates(chain, 'the chain').slice(1);
  expect(intermediates).toHaveLength(2);
  checkChain({ leaf: certificate, intermediates, anchors: [second.rootCertificate], nowMs, subjects: undefined });
});

test('wants the key of the root before, and takes no other', async () => {
  const before = await newAuthority();
  const offline = { ...before, rootKey: null };
  const follow = (rootKey: string | null) => succeedAuthority({ before: offline, rootKey, nowMs });
  expect(await refusalOf('bad-request', follow(null))).toContain('depot ca rotate --root-key FILE');
  expect(await refusalOf('bad-request', follow(before.issuingKey))).toContain('is not that of the root');
  expect(await follow(before.rootKey)).toHaveProperty('bridge');
});

test('refuses a root that allows no level for a root below it', async () => {
  const whole = await makeAuthority({ company: 'Example GmbH', nowMs });
  // The issuing certificate of another CA in place of a root: it may certify depots only.
  const narrow = { ...whole, rootCertificate: whole.issuingChain, rootKey: whole.issuingKey };
  await refusalOf('certificate-refused', succeedAuthority({ before: narrow, rootKey: null, nowMs }));
});
