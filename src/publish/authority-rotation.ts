import { DepotError } from '../model/errors.js';

/** A certificate that was issued, with the fingerprint of the root that it leads to. */
interface Issued {
  readonly depot: string;
  readonly expiresAt: string;
  readonly root?: string | undefined;
}

const mostNamed = 20;

/**
 * The end of a rotation of the CA.
 * @param valid certificates that are neither over nor revoked
 * @throws DepotError `bad-request` where there is no rotation to finish, or depots would be cut off, with the list
 */
export function requireNoneLeadTo(root: string, anchors: readonly string[], valid: readonly Issued[]): void {
  if (anchors.length < 2) {
    throw new DepotError('bad-request', 'there is no rotation of the CA to finish: one root is trusted', {
      hint: 'depot cert shows it',
      retry: 'never',
    });
  }
  const left = valid.filter((each) => each.root !== root).sort((a, b) => (a.expiresAt < b.expiresAt ? -1 : 1));
  const last = left.at(-1);
  if (last === undefined) return;
  const named = left.slice(0, mostNamed).map(({ depot, expiresAt }) => `${depot} (until ${expiresAt.slice(0, 10)})`);
  const more = left.length > mostNamed ? ` and ${left.length - mostNamed} more` : '';
  throw new DepotError(
    'bad-request',
    `${left.length} valid certificates lead to the root of before: ${named.join(', ')}${more}`,
    {
      hint: `depots renew by themselves, and what they had counts until its end, the last on ${last.expiresAt.slice(0, 10)}; revoke those that are gone`,
      retry: 'never',
    },
  );
}
