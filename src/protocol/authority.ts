import { Pool } from 'undici';
import { authorityShape, type AuthorityMessage } from '../model/enrolment.js';
import { accept, readJson } from './acceptance.js';
import { exchange } from './exchange.js';
import { limits } from './limits.js';
import { formatRoute } from './routes.js';

const connectMs = 10_000;

/**
 * Asks a depot for the company's trusted roots and the root of its directory. Nobody has proven anything yet: the answer
 * is to be held against the fingerprints of an invitation before anything is built upon it.
 */
export async function askAuthority(url: string, signal: AbortSignal): Promise<AuthorityMessage> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, {
    connect: { rejectUnauthorized: false, minVersion: 'TLSv1.3', timeout: connectMs },
    headersTimeout: 60_000,
    maxHeaderSize: limits.headerBytes,
  });
  try {
    const path = pathname.replace(/\/+$/, '') + formatRoute({ name: 'ca' });
    const answer = await exchange(pool, origin, { method: 'GET', path, headers: {}, signal }, limits.floor);
    return await readJson(await accept(answer, [200]), limits.climbBytes, authorityShape);
  } finally {
    await pool.destroy();
  }
}
