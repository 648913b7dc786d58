import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { checkChain } from '../../src/trust/chain.js';
import { fingerprintOf } from '../../src/trust/certificates.js';
import { identityOf } from '../../src/trust/identity.js';
import { enrol, germany, munich, newAuthority, type Enrolled } from './fixture.js';

const nowMs = Date.now();
const authority = await newAuthority('Example GmbH', nowMs);
const parent = await enrol(authority, germany, nowMs);
const child = await enrol(authority, munich, nowMs);

test('two depots know each other over TLS 1.3, each from the certificate of the other', async () => {
  const { client, server } = await meet(parent, child);
  for (const [seen, shown, who] of [
    [client, parent, germany],
    [server, child, munich],
  ] as const) {
    const { protocol, authorized, leaf } = seen;
    expect([protocol, authorized, identityOf(leaf)]).toEqual(['TLSv1.3', true, who]);
    expect(fingerprintOf(leaf.toString())).toBe(fingerprintOf(shown.certificate));
    const checked = checkChain({
      leaf,
      intermediates: [shown.chain],
      anchors: [authority.rootCertificate],
      nowMs,
      subjects: undefined,
    });
    expect(checked).toEqual({ identity: who, serial: shown.serial, expiresAtMs: shown.expiresAtMs });
  }
});

test('TLS refuses a child of another company, and one that shows nothing', async () => {
  const foreign = await enrol(await newAuthority('Example GmbH', nowMs), munich, nowMs);
  await expect(meet(parent, foreign)).rejects.toThrow();
  await expect(meet(parent, { ...child, key: '', chain: '' })).rejects.toThrow();
});

test('TLS refuses a parent of another company', async () => {
  const foreign = await enrol(await newAuthority('Example GmbH', nowMs), germany, nowMs);
  await expect(meet(foreign, child)).rejects.toThrow(/certificate/);
});

interface Seen {
  readonly protocol: string | null;
  readonly authorized: boolean;
  readonly leaf: X509Certificate;
}

/** What each end of one connection sees of the other; a request is answered on it. */
async function meet(serving: Enrolled, asking: Enrolled): Promise<{ client: Seen; server: Seen }> {
  const terms = { ca: authority.rootCertificate, minVersion: 'TLSv1.3' } as const;
  const { key, chain: cert } = serving;
  const options: ServerOptions = { ...terms, key, cert, requestCert: true, rejectUnauthorized: true };
  const listener = createServer(options, (_, answer) => answer.end());
  onTestFinished(() => void listener.close());
  let server: Seen | undefined;
  listener.on('secureConnection', (socket) => (server = see(socket)));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  const own = asking.key === '' ? {} : { key: asking.key, cert: asking.chain };
  // Machines are not known by their names, README section 3.3.
  const asked = request({
    ...terms,
    ...own,
    host: '127.0.0.1',
    port,
    agent: false,
    checkServerIdentity: () => undefined,
  });
  let client: Seen | undefined;
  asked.on('socket', (socket) => socket.on('secureConnect', () => (client = see(socket as TLSSocket))));
  await once(asked.end(), 'response');
  if (client === undefined || server === undefined) throw new Error('answered without a handshake');
  return { client, server };
}

function see(socket: TLSSocket): Seen {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) throw new Error('no certificate was shown');
  const { authorized } = socket;
  return { protocol: socket.getProtocol(), authorized, leaf };
}
