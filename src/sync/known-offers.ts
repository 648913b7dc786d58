import type { Offer, Offers } from '../model/offer.js';
import type { Sha256 } from '../model/sha256.js';

/** What is known is believed for so long; of what is made meanwhile a plan only learns then. */
const freshMs = 10 * 60_000;
/** A parent that tells nobody what it has of a repository is not asked again for so long. */
const silentMs = 60 * 60_000;
/** Questions, offers and forms of one repository that are remembered, each about a hundred bytes; of what is beyond, nothing is known. */
const remembered = 150_000;

interface OfRepository {
  readonly offers: Map<Sha256, Offer>;
  readonly askedAtMs: Map<Sha256, number>;
  /** In all the offers. */
  forms: number;
}

/** What one parent said that it has ready, in this run of the daemon. */
export class KnownOffers {
  private readonly repositories = new Map<string, OfRepository>();
  private readonly silentUntilMs = new Map<string, number>();

  of(repository: string): Offers {
    return this.repositories.get(repository)?.offers ?? new Map<Sha256, Offer>();
  }

  /** Those of some objects, and of what their deltas lead to. */
  leadingTo(repository: string, objects: readonly Sha256[]): Offers {
    const known = this.of(repository);
    return reached(objects, (object) => known.get(object));
  }

  /** The objects of which it is to be asked; `isBrief`: the line has little room, and what is known at all is enough. */
  unknown(repository: string, objects: readonly Sha256[], nowMs: number, isBrief: boolean): Sha256[] {
    if (nowMs < (this.silentUntilMs.get(repository) ?? -Infinity)) return [];
    if (this.isFull(repository)) this.repositories.delete(repository);
    const asked = this.repositories.get(repository)?.askedAtMs;
    const isKnown = (atMs: number | undefined): boolean => atMs !== undefined && (isBrief || nowMs - atMs < freshMs);
    return objects.filter((object) => !isKnown(asked?.get(object)));
  }

  /**
   * What it answered about some objects; those that it did not name it has no form of. What it says of others counts only where
   * deltas lead to them.
   */
  learn(repository: string, asked: readonly Sha256[], answer: readonly Offer[], nowMs: number): void {
    const known: OfRepository = this.repositories.get(repository) ?? {
      offers: new Map(),
      askedAtMs: new Map(),
      forms: 0,
    };
    this.repositories.set(repository, known);
    for (const object of asked) {
      set(known, object, undefined);
      known.askedAtMs.set(object, nowMs);
    }
    const said = new Map(answer.map((offer) => [offer.object, offer]));
    const leading = reached(asked, (object) => said.get(object) ?? known.offers.get(object));
    for (const object of leading.keys()) if (said.has(object)) set(known, object, said.get(object));
  }

  /** The answer about these does not pass a line that is closed: they are asked for when it is open. */
  tooLong(repository: string, asked: readonly Sha256[]): void {
    this.learn(repository, asked, [], -Infinity);
  }

  isFull(repository: string): boolean {
    const known = this.repositories.get(repository);
    return known !== undefined && known.askedAtMs.size + known.offers.size + known.forms >= remembered;
  }

  /** It makes no offers, or none that can be read. */
  fellSilent(repository: string, nowMs: number): void {
    this.silentUntilMs.set(repository, nowMs + silentMs);
  }
}

function set(known: OfRepository, object: Sha256, offer: Offer | undefined): void {
  known.forms += (offer?.forms.length ?? 0) - (known.offers.get(object)?.forms.length ?? 0);
  if (offer === undefined) known.offers.delete(object);
  else known.offers.set(object, offer);
}

/** The offers of some objects, of the bases of these, and so on. */
function reached(objects: readonly Sha256[], offerOf: (object: Sha256) => Offer | undefined): Map<Sha256, Offer> {
  const found = new Map<Sha256, Offer>();
  for (let next: readonly Sha256[] = objects; next.length > 0;) {
    const bases: Sha256[] = [];
    for (const object of next) {
      const offer = offerOf(object);
      if (offer === undefined || found.has(object)) continue;
      found.set(object, offer);
      for (const { base } of offer.forms) if (base !== null) bases.push(base);
    }
    next = bases;
  }
  return found;
}
