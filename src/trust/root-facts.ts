import type { Role } from '../model/metadata.js';
import { parseRoot, roles } from './metadata.js';
import type { PublicKey } from './signing-keys.js';

/** Whose signatures count for a role, and how many of them it takes. */
export interface RoleFacts {
  readonly keys: readonly PublicKey[];
  readonly threshold: number;
}

/** What a root says. */
export interface RootFacts {
  readonly version: number;
  readonly expiresAtMs: number;
  readonly roles: Readonly<Record<Role, RoleFacts>>;
}

/** @throws DepotError `head-refused` when the bytes are not root metadata. Signatures are not looked at. */
export function readRoot(bytes: Uint8Array): RootFacts {
  const { signed } = parseRoot(bytes);
  const factsOf = (role: Role): RoleFacts => {
    const { keyIDs = [], threshold = 1 } = signed.roles[role] ?? {};
    const keys = keyIDs.flatMap((id) => {
      const key = signed.keys[id];
      const publicHex = key?.keyVal['public'];
      return publicHex === undefined ? [] : [{ id, public: publicHex }];
    });
    return { keys, threshold };
  };
  const all = Object.fromEntries(roles.map((role) => [role, factsOf(role)]));
  return { version: signed.version, expiresAtMs: Date.parse(signed.expires), roles: all as Record<Role, RoleFacts> };
}
