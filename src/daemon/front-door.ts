import type { DepotError } from '../model/errors.js';
import { childHandler } from '../serve/children.js';
import { isOpenRequest } from '../serve/enrolment.js';
import { listen, type Listener } from '../serve/listener.js';
import type { Uploads } from '../serve/uploads.js';
import type { Offered } from './offered.js';
import type { RunningDepot } from './running-depot.js';

const usedUp =
  'the processor time for what depots below ask for is used up: until there is more, they are given what is there. ' +
  'encoding.on-demand.cpu sets how much it is';

/** Opens the listener for the depots below. @throws DepotError `listen-failed`, `certificate-refused` */
export function openToChildren(depot: RunningDepot, offered: Offered, uploads: Uploads): Promise<Listener> {
  const { settings, store, workers, sync, membership, host, log } = depot;
  const handler = childHandler({
    store,
    run: workers.run,
    depot: settings.depot,
    site: settings.site,
    directory: () => offered.list(sync.known),
    enrolment: membership?.climbing,
    now: () => host.now(),
    uploads,
    onDemand: {
      share: () => depot.settings.encoding.onDemandCpu,
      onUsedUp: () => log.warn({ cpu: depot.settings.encoding.onDemandCpu }, usedUp),
    },
    onFault: (error, request) => log.error({ code: error.code, request, cause: error.cause }, error.message),
  });
  const own = membership?.own;
  const tls = own && {
    material: own.material,
    judge: own.judgeChild,
    isOpen: isOpenRequest,
    onPeerRefused: (error: DepotError, address: string) =>
      log.info({ code: error.code, address }, `turned away: ${error.message}`),
  };
  return listen(settings.listen, handler, { tls });
}
