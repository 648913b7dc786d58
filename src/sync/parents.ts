import { isDeepStrictEqual } from 'node:util';
import type { Host } from '../host.js';
import { asDepotError, DepotError, type ErrorCode } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { ParentStatus } from '../model/status.js';
import type { StatusError } from '../model/status-error.js';
import type { UploadPlan } from '../model/upload-plan.js';
import { ParentClient } from '../protocol/client.js';
import type { Line } from '../protocol/line.js';
import type { StateMessage } from '../protocol/messages.js';
import type { ClientTls } from '../protocol/tls.js';
import { KnownOffers } from './known-offers.js';

/** A parent as it is configured. `repositories`: it wins for those, and is not asked for others; null: for all. */
export interface ParentSetting {
  readonly url: string;
  readonly repositories: readonly string[] | null;
}

/** A parent and what this depot remembers of talking to it, in this run of the daemon. */
export interface Parent {
  readonly url: string;
  /** Those that it is asked for; null: all. */
  readonly repositories: readonly string[] | null;
  readonly client: ParentClient;
  /** The last state of each repository with its ETag, so that an unchanged one needs not be sent again. */
  readonly states: Map<string, { readonly etag: string; readonly state: StateMessage }>;
  /** In which forms it has large objects, as it said. */
  readonly offers: KnownOffers;
  /** Hash of the demand that this parent is known to have; undefined until it confirmed one. */
  demandHash: string | undefined;
  /** What it was last told of each depot, but for the times; and when it was last told all, on the monotonic clock. */
  readonly reported: Map<string, string>;
  reportedAllAtMs: number;
  /** False for a server of plain files, as far as is known. */
  takesReports: boolean;
  /** Hash of the directory that was read from it. */
  directory: string | undefined;
  /** What it gives to its children, under the hash by which it names that; no plan where it did not tell. */
  uploads: { readonly hash: string; readonly plan: UploadPlan | undefined } | undefined;
  /** Cycles that talk to it now; one that is no longer configured is closed when the last of them ends. */
  users: number;
  isGone: boolean;
}

/** Failures that another parent may not share. All others (a full disk, say) are this depot's own. */
const ofTheParent: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'parent-unreachable',
  'parent-answer',
  'parent-busy',
  'transfer-cut',
  'not-found',
  'not-allowed',
  'certificate-refused',
  'head-refused',
  'head-expired',
  'manifest-damaged',
  'object-damaged',
  'path-refused',
]);

/** Those of them that mean that the parent does not answer this depot at all. */
const down: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'parent-unreachable',
  'parent-answer',
  'parent-busy',
  'certificate-refused',
]);

export class Parents {
  private list: { readonly setting: ParentSetting; readonly parent: Parent }[] = [];
  private proxy: string | null = null;
  private readonly closing = new Set<Promise<void>>();
  private readonly answers = new Map<string, { atMs: number; depot: string | null; error: StatusError | null }>();

  constructor(
    private readonly identity: { readonly depot: string; readonly site: string; readonly version: string },
    private readonly host: Host,
    private readonly log: Log,
    private readonly tls?: (repositories: Parent['repositories']) => ClientTls,
    private readonly line?: Line,
  ) {}

  /**
   * Takes over the settings; parents that stay keep their connections and what is remembered of them. Those that are gone
   * finish what is under way with them.
   * @param proxy URL of the one towards all parents with `https:`; where it changes, their connections are new ones
   * @throws DepotError `certificate-refused` for an `https:` parent where this depot has no certificate; nothing changes then
   */
  configure(settings: readonly ParentSetting[], proxy: string | null): void {
    const before = this.list.map(({ parent }) => parent);
    const isSameWay = (url: string): boolean => proxy === this.proxy || !url.startsWith('https:');
    const next = settings.map((setting) => {
      const kept = before.find(
        ({ url, repositories }) =>
          url === setting.url && isSameWay(url) && isDeepStrictEqual(repositories, setting.repositories),
      );
      return { setting, parent: kept ?? this.newParent(setting, proxy) };
    });
    this.list = next;
    this.proxy = proxy;
    for (const parent of before) {
      if (next.some((now) => now.parent === parent)) continue;
      this.answers.delete(parent.url);
      parent.isGone = true;
      this.closeUnused(parent);
    }
  }

  /**
   * The parents to ask for a repository, in order: those that are set for it first, then those for all. Undefined: for what
   * is of no repository, which those that are set for some are asked for only where there are no others.
   */
  for(repository: string | undefined): Parent[] {
    const named = this.list.filter(
      ({ setting }) => repository !== undefined && setting.repositories?.includes(repository) === true,
    );
    const general = this.list.filter(({ setting }) => setting.repositories === null);
    const all = general.length > 0 ? general : this.list;
    const chosen = repository === undefined ? all : [...named, ...general];
    return chosen.map(({ parent }) => parent);
  }

  /**
   * Runs `ask` with the first parent, and where that fails by the parent's fault with the next.
   * @throws DepotError of the first parent, when all failed.
   */
  async firstThatAnswers<T>(repository: string | undefined, ask: (parent: Parent) => Promise<T>): Promise<T> {
    const parents = this.for(repository);
    let first: DepotError | undefined;
    for (const parent of parents) {
      parent.users += 1;
      try {
        const answer = await ask(parent);
        this.note(parent, undefined);
        return answer;
      } catch (thrown) {
        const error = asDepotError(thrown, `ask ${parent.url}`);
        if (!ofTheParent.has(error.code)) throw error;
        this.note(parent, error);
        this.log.debug({ parent: parent.url, repository, code: error.code }, error.message);
        first ??= error;
      } finally {
        parent.users -= 1;
        this.closeUnused(parent);
      }
    }
    if (first !== undefined) throw first;
    throw new DepotError(
      'not-found',
      repository === undefined ? 'this depot has no parent' : `no parent is set for ${repository}`,
      {
        hint: 'add a parent without `repositories:`, or name the repository there',
        retry: 'never',
      },
    );
  }

  private closeUnused(parent: Parent): void {
    if (!parent.isGone || parent.users > 0) return;
    const closed = parent.client.close().finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  /** Remembers how a parent answered; an error that says something of the repository alone means that it does answer. */
  note(parent: Parent, error: DepotError | undefined): void {
    const at = this.host.now();
    const depot = parent.client.parentDepot ?? null;
    const shown =
      error !== undefined && down.has(error.code)
        ? { code: error.code, message: error.message, hint: error.hint ?? null }
        : undefined;
    this.answers.set(parent.url, {
      atMs: at,
      depot,
      error: shown === undefined ? null : { ...shown, at: new Date(at).toISOString() },
    });
  }

  status(): ParentStatus[] {
    return this.list.map(({ parent: { url, client } }) => {
      const answer = this.answers.get(url);
      return {
        url,
        depot: answer?.depot ?? null,
        answers: answer === undefined ? 'not-asked' : answer.error === null ? 'yes' : 'no',
        at: answer === undefined ? null : new Date(answer.atMs).toISOString(),
        error: answer?.error ?? null,
        authenticated: client.isAuthenticated,
      };
    });
  }

  async close(): Promise<void> {
    this.configure([], null);
    await Promise.all(this.closing);
  }

  private newParent({ url, repositories }: ParentSetting, proxy: string | null): Parent {
    return {
      url,
      repositories,
      client: new ParentClient({
        url,
        ...this.identity,
        tls: this.tls?.(repositories),
        proxy: proxy ?? undefined,
        ...(this.line === undefined ? {} : { line: this.line }),
      }),
      states: new Map(),
      offers: new KnownOffers(),
      demandHash: undefined,
      uploads: undefined,
      reported: new Map(),
      reportedAllAtMs: -Infinity,
      takesReports: true,
      directory: undefined,
      users: 0,
      isGone: false,
    };
  }
}
