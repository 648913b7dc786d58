import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { request as send, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { DepotError } from '../model/errors.js';
import type { ControlApi, LongWork } from './control-api.js';
import { dataHeader, errorFromWire, type StreamLine } from './control-wire.js';

export interface ControlClientOptions {
  /** Sockets to try, in this order; the first whose daemon has this data directory is used. */
  readonly sockets: readonly string[];
  readonly data: string;
  /** The command that starts the daemon, for hints. */
  readonly start?: string;
}

/** Even long work begins its answer at once, so a daemon that is silent for so long is stuck. */
const answerTimeoutMs = 15_000;

/**
 * The daemon's `ControlApi` over its socket. The answers are those of the daemon of this same package and are not
 * parsed a second time.
 *
 * Its methods reject with what the daemon said, and with `daemon-down` (nobody listens, or nobody answers),
 * `no-permission` (the socket is there, but not for this user) or `interrupted`.
 */
export function controlClient(options: ControlClientOptions): ControlApi {
  const call = async <Result>(name: string, input: unknown): Promise<Result> => {
    for await (const line of ask(options, name, input)) return settle(name, line);
    throw brokenOff(name);
  };
  const stream = async <Result>(name: string, input: unknown, work: LongWork): Promise<Result> => {
    for await (const line of ask(options, name, input, work.signal)) {
      if ('event' in line) await work.onEvent(line.event);
      else return settle(name, line);
    }
    throw brokenOff(name);
  };
  return {
    status: ({ tree }) => call('status', { tree }),
    history: (repository, { limit }) => call('history', { repository, limit }),
    holds: () => call('holds', {}),
    approve: (id) => call('approve', { id }),
    trust: {
      reset: (repository, { dryRun }) => call('trust-reset', { repository, dryRun }),
      certificates: () => call('certificates', {}),
      renew: () => call('renew', {}),
      invite: (depot, site, options) => call('invite', { depot, site, ...options }),
      revoke: (depot, serial) => call('revoke', { depot, serial }),
      replaceAnchors: (pem) => call('anchors', { pem }),
      rotateAuthority: (rootKey) => call('rotate-ca', { rootKey }),
      finishRotation: () => call('finish-ca', {}),
      repositories: () => call('repositories', {}),
      enroll: (repository) => call('enroll', { repository }),
      approve: (repository) => call('approve-repository', { repository }),
    },
    subjects: {
      list: () => call('subjects', {}),
      add: (row) => call('subjects-add', row),
      remove: (subject, issuer) => call('subjects-remove', { subject, issuer }),
    },
    keys: {
      list: () => call('keys', {}),
      protect: (repository, passphrase) => stream('keys-protect', { repository, passphrase }, quietly()),
      forget: (repository, sha256) => call('keys-forget', { repository, sha256 }),
      rotate: (repository, roles, brought) => stream('keys-rotate', { repository, roles, brought }, quietly()),
      add: (repository, key, threshold, brought) =>
        stream('keys-add', { repository, key, threshold, brought }, quietly()),
    },
    moves: {
      takeOver: (repository, brought) => stream('take-over', { repository, brought }, quietly()),
      cancel: (repository) => call('take-over-cancel', { repository }),
      move: (repository, to, brought) => stream('move-repository', { repository, to, brought }, quietly()),
      keep: (repository, from) => call('keep-repository', { repository, from }),
    },
    packages: {
      list: (repository) => call('packages', { repository }),
      show: (of) => call('package', of),
      create: (of, facts) => call('package-create', { ...of, facts }),
      edit: (of, facts) => call('package-edit', { ...of, facts }),
      remove: (of) => call('package-delete', of),
      prepare: (of, { note, version, dryRun, ...work }) =>
        stream('package-prepare', { ...of, note, version, dryRun }, work),
      distribute: (of, to, except) => stream('package-distribute', { ...of, to, except }, quietly()),
      release: (of, order) => stream('package-release', { ...of, ...order }, quietly()),
      cancelRelease: (of) => stream('package-cancel', of, quietly()),
      revoke: (of) => stream('package-revoke', of, quietly()),
      retire: (of, revision) => stream('package-retire', { ...of, revision }, quietly()),
      readiness: (of) => call('package-readiness', of),
    },
    forecast: (asked) => stream('forecast', { asked }, quietly()),
    reload: () => call('reload', {}),
    settings: () => call('settings', {}),
    orderLine: (order) => call('order-line', { order }),
    poll: (repositories, { wait, ...work }) => stream('poll', { repositories, wait }, work),
    plan: (repository, { steps, ...work }) => stream('plan', { repository, steps }, work),
    publish: (repository, { wait, dryRun, acceptSource, ...work }) =>
      stream('publish', { repository, wait, dryRun, acceptSource }, work),
    ls: (repository, path, { generation, ...work }) => stream('ls', { repository, path, generation }, work),
    held: (id, work) => stream('held', { id }, work),
    verify: (repository, work) => stream('verify', { repository }, work),
    gc: ({ dryRun, ...work }) => stream('gc', { dryRun }, work),
  };
}

/** Long work that nobody watches or breaks off. */
function quietly(): LongWork {
  return { signal: new AbortController().signal, onEvent: async () => undefined };
}

function settle<Result>(name: string, line: StreamLine): Result {
  if ('error' in line) throw errorFromWire(line.error);
  if ('result' in line) return line.result as Result;
  throw brokenOff(name);
}

/** The lines of the answer. A socket that nobody listens on, or of another data directory, gives way to the next one. */
async function* ask(
  options: ControlClientOptions,
  name: string,
  input: unknown,
  signal?: AbortSignal,
): AsyncGenerator<StreamLine> {
  const response = await firstAnswer(options, name, JSON.stringify(input), signal);
  try {
    for await (const line of lines(response)) yield JSON.parse(line) as StreamLine;
  } catch (cause) {
    throw signal?.aborted === true ? interrupted(name, cause) : brokenOff(name, cause);
  } finally {
    response.destroy();
  }
}

async function firstAnswer(
  options: ControlClientOptions,
  name: string,
  body: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const { sockets, data } = options;
  let failure: DepotError | undefined;
  for (const socketPath of sockets) {
    try {
      const response = await open(socketPath, name, body, data, signal);
      if (response.statusCode !== 421) return response;
      response.destroy();
    } catch (thrown) {
      if (signal?.aborted === true) throw interrupted(name, thrown);
      const met = await connectFailure(socketPath, thrown);
      if (failure === undefined || met?.code === 'no-permission') failure = met ?? failure;
    }
  }
  throw failure ?? notRunning(options);
}

async function open(
  socketPath: string,
  name: string,
  body: string,
  data: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const request = send({
    socketPath,
    path: `/v1/${name}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      [dataHeader]: encodeURI(data),
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const impatience = setTimeout(() => {
    request.destroy(
      new DepotError(
        'daemon-down',
        `the daemon listens on ${socketPath}, but did not answer within ${answerTimeoutMs / 1000} s`,
        {
          hint: 'see what it does: journalctl -u depotd -n 50',
        },
      ),
    );
  }, answerTimeoutMs);
  try {
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    request.on('error', () => undefined); // from here on the response tells of it
    return response;
  } finally {
    clearTimeout(impatience);
  }
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}

/** Undefined where nobody listens. */
async function connectFailure(socketPath: string, thrown: unknown): Promise<DepotError | undefined> {
  if (thrown instanceof DepotError) return thrown;
  const system = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (system === 'EACCES' || system === 'EPERM') {
    const group = await groupOf(socketPath);
    return new DepotError(
      'no-permission',
      `the control socket ${socketPath} is for members of the group ${group} only`,
      {
        cause: thrown,
        hint: group === 'root' ? 'run it as root' : `sudo usermod -aG ${group} "$USER", then log in again; or use sudo`,
        retry: 'never',
      },
    );
  }
  if (system === 'ENOENT' || system === 'ECONNREFUSED' || system === 'ENOTSOCK') return undefined;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DepotError('daemon-down', `no answer from the control socket ${socketPath}: ${message}`, {
    cause: thrown,
  });
}

/** The group of the file, or of the nearest folder above that this user can look at. */
async function groupOf(path: string): Promise<string> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found === undefined) continue;
    const groups = await readFile('/etc/group', 'utf8').catch(() => '');
    const line = groups.split('\n').find((entry) => entry.split(':')[2] === String(found.gid));
    return line?.split(':')[0] ?? String(found.gid);
  }
  return 'depotd';
}

function notRunning({ data, start = 'systemctl start depotd' }: ControlClientOptions): DepotError {
  return new DepotError('daemon-down', `no daemon runs for the data directory ${data}`, {
    hint: `start it: ${start}`,
  });
}

function brokenOff(name: string, cause?: unknown): DepotError {
  return new DepotError('daemon-down', `the daemon ended in the middle of depot ${name}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'see why: journalctl -u depotd -n 50',
  });
}

function interrupted(name: string, cause: unknown): DepotError {
  return new DepotError('interrupted', `depot ${name} was interrupted`, { cause });
}
