import type { Host } from '../host.js';
import type { EnrolBody, EnrolledMessage } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';
import { mayEnrol } from '../trust/access.js';
import type { DepotIdentity } from '../trust/identity.js';
import type { AuthorityRecords, WaitingRecord } from './authority-records.js';
import { movesOf, type DirectoryHolder } from './directory.js';

/** Which repositories come into the directory, at once or after a person said so. */
export class Enrolments {
  constructor(
    private readonly host: Host,
    private readonly directory: DirectoryHolder,
    private readonly records: AuthorityRecords,
  ) {}

  /** @throws DepotError `not-allowed` */
  async enrol(master: DepotIdentity, body: EnrolBody): Promise<EnrolledMessage> {
    const { name, kind, context } = body;
    const root = sha256(Buffer.from(body.root, 'base64'));
    const known = this.directory.repositories().find((each) => each.name === name);
    if (known?.master === master.depot && known.context === context && known.root === root)
      return { state: 'enrolled' };
    const may = known !== undefined && known.master !== master.depot ? 'no' : mayEnrol(master, context);
    if (may === 'no') {
      const why =
        known === undefined ? `${context} does not cover ${master.site}` : `its master depot is ${known.master}`;
      throw new DepotError('not-allowed', `${master.depot} may not enroll ${name}: ${why}`, {
        hint: 'a repository belongs to the site of its master depot, or to one above',
      });
    }
    // Another root for a name that is known means new keys: whoever holds a depot's certificate must not slip them in.
    if (may === 'approval' || known !== undefined) {
      const others = this.waiting().filter((each) => each.name !== name);
      const at = new Date(this.host.now()).toISOString();
      await this.records.write('waiting', [...others, { ...body, master: master.depot, site: master.site, at }]);
      return { state: 'waiting' };
    }
    await this.directory.enrol({ name, kind, context, master: master.depot, root });
    return { state: 'enrolled' };
  }

  /** Puts a repository into the directory that waits for a person. @throws DepotError `not-found` */
  async approve(name: string): Promise<void> {
    const waiting = this.waiting();
    const chosen = waiting.find((each) => each.name === name);
    if (chosen === undefined) {
      throw new DepotError('not-found', `no repository ${name} waits for approval`, {
        hint: 'depot repository list',
      });
    }
    const { kind, context, master } = chosen;
    const root = sha256(Buffer.from(chosen.root, 'base64'));
    const known = this.directory.repositories().find((each) => each.name === name);
    await this.directory.enrol({ ...movesOf(known, root), name, kind, context, master, root });
    await this.records.write(
      'waiting',
      waiting.filter((each) => each !== chosen),
    );
  }

  waiting(): WaitingRecord[] {
    return this.records.read('waiting');
  }
}
