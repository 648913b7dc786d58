import { ParentClient } from '../../src/protocol/client.js';
import type { TlsMaterial } from '../../src/protocol/tls.js';
import { judging } from '../harness/certificates.js';

/** A child of its own process, whose environment says which CAs the system trusts: polls once and prints whom it asked. */
const { url, proxy, material } = JSON.parse(process.argv[2] ?? '') as {
  url: string;
  proxy: string;
  material: TlsMaterial;
};
const client = new ParentClient({
  url,
  proxy,
  depot: 'munich-1',
  site: 'enterprise/germany/munich',
  version: '0.1.0',
  tls: { material: () => material, judge: judging() },
});
try {
  await client.state('tools');
  process.stdout.write(client.parentDepot ?? '');
} catch (error) {
  process.stdout.write(String(error));
}
await client.close();
