import type * as z from 'zod';
import type { Host } from '../host.js';
import type { inviteShape, IssuedMessage, JoinMessage } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { mayInvite } from '../trust/access.js';
import type { DepotIdentity } from '../trust/identity.js';
import { checkJoin } from '../trust/join.js';
import type { AuthorityRecords } from './authority-records.js';
import type { Issuer } from './issuer.js';

/** No invitation is open for longer, whatever its maker asks for. */
const longestInvitationMs = 30 * 24 * 3600 * 1000;

/** Who is invited, by whom, and joins. */
export class Invitations {
  constructor(
    private readonly host: Host,
    private readonly records: AuthorityRecords,
    private readonly issuer: Issuer,
  ) {}

  /** Issues a certificate to whoever was invited: once for each invitation. @throws DepotError `invitation-refused` */
  async join({ depot, site, request, signature }: JoinMessage): Promise<IssuedMessage> {
    const open = this.open();
    const invited = open.find((each) => each.depot === depot && each.site === site);
    if (invited === undefined) {
      throw new DepotError(
        'invitation-refused',
        `${depot} at ${site} is not invited, or its invitation was used or has expired`,
        {
          hint: `at a depot above: depot invite ${depot} --site ${site}`,
          retry: 'never',
        },
      );
    }
    checkJoin(invited, request, signature);
    const elsewhere = this.issuer.valid().find((each) => each.depot === depot && each.site !== site);
    if (elsewhere !== undefined) {
      throw new DepotError('invitation-refused', `there is a depot ${depot} at ${elsewhere.site} already`, {
        hint: `give each depot a name of its own, or revoke that one: depot revoke ${depot}`,
        retry: 'never',
      });
    }
    const issued = await this.issuer.issue(request, { depot, site });
    await this.records.write(
      'invitations',
      open.filter((each) => each !== invited),
    );
    return issued;
  }

  /** @throws DepotError `not-allowed` */
  async invite(by: DepotIdentity, body: z.infer<typeof inviteShape>): Promise<Record<string, never>> {
    const { depot, site, publicKey } = body;
    const untilMs = Math.min(Date.parse(body.expiresAt), this.host.now() + longestInvitationMs);
    const expiresAt = new Date(untilMs).toISOString();
    if (!mayInvite(by, site)) {
      throw new DepotError('not-allowed', `${by.depot} at ${by.site} may invite depots at or below its own site only`, {
        hint: `invite ${depot} at a depot above ${site}`,
      });
    }
    const others = this.open().filter((each) => !(each.depot === depot && each.site === site));
    await this.records.write('invitations', [...others, { depot, site, publicKey, expiresAt, by: by.depot }]);
    return {};
  }

  /** Whoever has the key of a revoked depot has invited others with it, perhaps. */
  async dropThoseBy(depot: string): Promise<void> {
    await this.records.write(
      'invitations',
      this.records.read('invitations').filter(({ by }) => by !== depot),
    );
  }

  private open() {
    return this.records.read('invitations').filter(({ expiresAt }) => Date.parse(expiresAt) > this.host.now());
  }
}
