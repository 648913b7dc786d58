import type { Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { DirectoryHolder } from '../publish/directory.js';
import { Registry } from '../publish/registry.js';
import type { Store } from '../store/store.js';
import type { Parents } from '../sync/parents.js';
import type { Lifetimes } from '../trust/sign.js';
import { Climbing } from './climbing.js';
import { DirectoryUpkeep } from './directory-upkeep.js';
import { OwnCertificate } from './own-certificate.js';
import { ProvidedCertificate } from './provided-certificate.js';
import { Rejoining } from './rejoining.js';
import { Renewal } from './renewal.js';

/** What makes a depot one of a company's: its certificate, and where the CA is here, the CA with the directory. */
export interface Membership {
  readonly own: OwnCertificate;
  readonly climbing: Climbing;
  readonly registry: Registry | undefined;
  readonly renewal: Renewal;
  readonly provided: ProvidedCertificate;
  readonly upkeep: DirectoryUpkeep | undefined;
}

/** @throws DepotError `config-invalid` where the certificate is another depot's */
export function ownCertificate(store: Store, host: Host, { depot, site }: Settings): OwnCertificate | undefined {
  return OwnCertificate.of(store, host, { depot, site });
}

/** The rest, once the parents are known that requests climb to. */
export function membershipOf(
  own: OwnCertificate,
  deps: {
    readonly store: Store;
    readonly host: Host;
    readonly log: Log;
    readonly parents: Parents;
    readonly settings: Settings;
    readonly lifetimes: () => Lifetimes;
    /** Of the settings in force. */
    readonly inForce: () => Pick<Settings, 'certificate' | 'rejoinMs'>;
    /** The depot has a new certificate. */
    readonly onRenewed: () => void;
    /** The company's directory, which is here, was changed by what climbed. */
    readonly onCompany: () => void;
  },
): Membership {
  const { store, host, log, parents, settings, lifetimes, inForce, onRenewed, onCompany } = deps;
  const self = { depot: settings.depot, site: settings.site };
  const registry = DirectoryHolder.isHere(store) ? new Registry(store, host, self, lifetimes) : undefined;
  const rejoining = new Rejoining(store, self.site, () => inForce().rejoinMs, host, log);
  const climbing = new Climbing(self, own, registry, parents, host, rejoining, onCompany);
  const provided = new ProvidedCertificate(own, () => inForce().certificate, host, log, onRenewed);
  const renewal = new Renewal(self, own, climbing, host, log, onRenewed, provided);
  const upkeep = registry && new DirectoryUpkeep(registry, host, log);
  return { own, climbing, registry, renewal, provided, upkeep };
}

/** @throws DepotError `bad-request` for a depot that has not joined */
export function requireMembership(membership: Membership | undefined): Membership {
  if (membership !== undefined) return membership;
  throw new DepotError('bad-request', 'this depot has not joined: it has no certificate', {
    hint: 'depot join, with a token that depot invite gives at a depot above; at the origin: depot ca init',
    retry: 'never',
  });
}

/** @throws DepotError `bad-request` where the company's CA is elsewhere */
export function requireRegistry(membership: Membership | undefined): Registry {
  const { registry } = requireMembership(membership);
  if (registry !== undefined) return registry;
  throw new DepotError('bad-request', "the company's directory and CA are not at this depot", {
    hint: 'run this at the depot where depot ca init was run: the origin',
    retry: 'never',
  });
}
