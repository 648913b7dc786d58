import { headTarget, parseHead, type Head, type HeadFile } from '../../src/model/head.js';

/** A head as a `targets` file that nobody signed, for tests of what comes after the verification. */
export function unsignedHead(head: Head): HeadFile {
  const { length, sha256, custom } = headTarget(head).manifest;
  const targets = { manifest: { length, hashes: { sha256 }, custom } };
  const signed = {
    _type: 'targets',
    spec_version: '1.0.31',
    version: head.generation,
    expires: '2099-01-01T00:00:00Z',
    targets,
  };
  return parseHead(new TextEncoder().encode(JSON.stringify({ signed, signatures: [] })));
}
