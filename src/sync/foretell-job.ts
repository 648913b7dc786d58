import type { Offer, Offers } from '../model/offer.js';
import type { Route } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import { batches } from '../store/database.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import type { LargeShipment, WantedObject } from '../store/transfers.js';
import { isExact, nextRoute } from './routes.js';
import { wireLeft } from './wire-left.js';

/** Large objects with what is known of the ways to them. */
export interface RoutedObjects {
  readonly files: number;
  /** Of their files. */
  readonly sizes: number;
  /** That cross the line. */
  readonly bytes: number;
  readonly exact: boolean;
}

/** Routes a transaction. */
const rowsAtOnce = 200;

/** Chooses the routes of the large objects of the plan in force, and notes them in its rows. */
export const planRoutes: Job<{ readonly repository: string; readonly offers: readonly Offer[] }, RoutedObjects> = {
  name: 'plan-routes',
  run(store, { repository, offers }, control) {
    const sum = new Sum(store, byObject(offers));
    for (const rows of batches<LargeShipment>(store.transfers.large(repository), rowsAtOnce)) {
      const routes = rows.map(({ id, object }) => {
        control.throwIfStopped();
        return { id, route: sum.add(object) };
      });
      store.transfers.setRoutes(routes);
    }
    return sum.total();
  },
};

/** The same for a plan that is not in force. */
export const previewRoutes: Job<
  { readonly large: readonly WantedObject[]; readonly offers: readonly Offer[] },
  RoutedObjects
> = {
  name: 'preview-routes',
  run(store, { large, offers }, control) {
    const sum = new Sum(store, byObject(offers));
    for (const object of large) {
      control.throwIfStopped();
      sum.add(object);
    }
    return sum.total();
  },
};

/** Goes through a plan in its order: what comes first is there for what comes behind it. */
class Sum {
  private files = 0;
  private sizes = 0;
  private bytes = 0;
  private exact = true;
  private readonly come = new Set<Sha256>();

  constructor(
    private readonly store: Store,
    private readonly offers: Offers,
  ) {}

  add(object: WantedObject): Route {
    const { store, offers, come } = this;
    const isHeld = (each: Sha256): boolean => come.has(each) || store.objects.has(each);
    const route = nextRoute(object, { offers, isHeld, isUsable: () => true });
    this.files += 1;
    this.sizes += object.size;
    this.bytes += wireLeft(store, object, route);
    this.exact &&= isExact(route) || store.staging.size(object.sha256) > 0;
    come.add(object.sha256);
    return route;
  }

  total(): RoutedObjects {
    const { files, sizes, bytes, exact } = this;
    return { files, sizes, bytes, exact };
  }
}

export function byObject(offers: readonly Offer[]): Offers {
  return new Map(offers.map((offer) => [offer.object, offer]));
}
