import * as z from 'zod';
import { directoryName } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import { rateShape } from '../model/line-order.js';
import { isName, isSite } from '../model/names.js';
import { priorities } from '../model/priority.js';
import type { ControlApi, LongWork } from './control-api.js';

/** A request of the control socket: `POST /v1/<name>` with the arguments as JSON. */
export type ControlCall =
  | { readonly name: string; readonly answer: 'once'; run(api: ControlApi, input: unknown): Promise<unknown> }
  | {
      readonly name: string;
      readonly answer: 'stream';
      run(api: ControlApi, input: unknown, work: LongWork): Promise<unknown>;
    };

const alphabet = 'letters A to Z, digits, "-", "_" and ".", the first a letter or digit, at most 63';
const name = (of: string) =>
  z.string().refine(isName, { error: ({ input }) => `${shown(input)} is not the name of a ${of}: ${alphabet}` });
const repository = name('repository');
const depot = name('depot');
const site = z.string().refine(isSite, {
  error: ({ input }) =>
    `${shown(input)} is not a site: names from the company down, with "/" between them; each ${alphabet}`,
});
const oneOrAll = z.strictObject({ repository: repository.nullable() });
const nothing = z.strictObject({});
const hold = z.strictObject({ id: z.string().min(1).max(100) });

const trustCalls: readonly ControlCall[] = [
  once('trust-reset', z.strictObject({ repository, dryRun: z.boolean() }), ({ trust }, { repository, dryRun }) =>
    trust.reset(repository, { dryRun }),
  ),
  once('certificates', nothing, ({ trust }) => trust.certificates()),
  once('renew', nothing, ({ trust }) => trust.renew()),
  once(
    'invite',
    z.strictObject({ depot, site, ttlMs: z.number().int().min(1), urls: z.array(z.string()).min(1).max(8).nullable() }),
    ({ trust }, { depot, site, ...options }) => trust.invite(depot, site, options),
  ),
  once(
    'revoke',
    z.strictObject({
      depot,
      serial: z
        .string()
        .regex(/^[0-9a-f]{1,40}$/, 'not a serial number')
        .optional(),
    }),
    ({ trust }, { depot, serial }) => trust.revoke(depot, serial),
  ),
  once('anchors', z.strictObject({ pem: z.string().max(64 * 1024) }), ({ trust }, { pem }) =>
    trust.replaceAnchors(pem),
  ),
  once('rotate-ca', z.strictObject({ rootKey: z.string().max(8192).nullable() }), ({ trust }, { rootKey }) =>
    trust.rotateAuthority(rootKey),
  ),
  once('finish-ca', nothing, ({ trust }) => trust.finishRotation()),
  once('repositories', nothing, ({ trust }) => trust.repositories()),
  once('enroll', z.strictObject({ repository }), ({ trust }, input) => trust.enroll(input.repository)),
  once('approve-repository', z.strictObject({ repository }), ({ trust }, input) => trust.approve(input.repository)),
];

const subject = z.string().min(1).max(4096);
const issuer = subject.nullable();

const subjectsCalls: readonly ControlCall[] = [
  once('subjects', nothing, ({ subjects }) => subjects.list()),
  once('subjects-add', z.strictObject({ subject, issuer, depot, site }), ({ subjects }, row) => subjects.add(row)),
  once('subjects-remove', z.strictObject({ subject, issuer }), ({ subjects }, { subject, issuer }) =>
    subjects.remove(subject, issuer),
  ),
];

const signs = z.union([repository, z.literal(directoryName)]);
const texts = z.array(z.string().max(8192)).max(4);
const brought = z.strictObject({ keys: texts, passphrases: texts });

const keysCalls: readonly ControlCall[] = [
  once('keys', nothing, ({ keys }) => keys.list()),
  once('keys-forget', z.strictObject({ repository: signs, sha256: z.string() }), ({ keys }, { repository, sha256 }) =>
    keys.forget(repository, sha256),
  ),
  // Streams, since opening and sealing keys takes long on purpose.
  stream(
    'keys-protect',
    z.strictObject({ repository: signs, passphrase: z.string().min(1).max(8192).nullable() }),
    ({ keys }, { repository, passphrase }) => keys.protect(repository, passphrase),
  ),
  stream(
    'keys-rotate',
    z.strictObject({
      repository: signs,
      roles: z.array(z.enum(['root', 'targets', 'snapshot', 'timestamp'])).min(1),
      brought,
    }),
    ({ keys }, { repository, roles, brought }) => keys.rotate(repository, roles, brought),
  ),
  stream(
    'keys-add',
    z.strictObject({
      repository: signs,
      key: z.string().max(8192),
      threshold: z.number().int().min(1).max(8),
      brought,
    }),
    ({ keys }, { repository, key, threshold, brought }) => keys.add(repository, key, threshold, brought),
  ),
];

const movesCalls: readonly ControlCall[] = [
  stream('take-over', z.strictObject({ repository, brought }), ({ moves }, input) =>
    moves.takeOver(input.repository, input.brought),
  ),
  once('take-over-cancel', z.strictObject({ repository }), ({ moves }, input) => moves.cancel(input.repository)),
  stream('move-repository', z.strictObject({ repository, to: depot, brought }), ({ moves }, input) =>
    moves.move(input.repository, input.to, input.brought),
  ),
  once('keep-repository', z.strictObject({ repository, from: depot.nullable() }), ({ moves }, { repository, from }) =>
    moves.keep(repository, from),
  ),
];

const packageName = z.string().refine(isName, 'not a name of a package');
const named = z.strictObject({ repository, name: packageName });
const words = z.string().min(1).max(4096).nullable();
const facts = z.strictObject({
  type: words,
  title: words,
  vendor: words,
  version: words,
  keep: z.strictObject({ releases: z.number().int().min(1), days: z.number().int().min(0) }).nullable(),
  priority: z.enum(priorities).nullable().default(null),
});
const number = z.number().int().min(1).nullable();
const sites = z.array(site).max(10_000);

const packagesCalls: readonly ControlCall[] = [
  once('packages', z.strictObject({ repository }), ({ packages }, { repository }) => packages.list(repository)),
  once('package', named, ({ packages }, of) => packages.show(of)),
  once('package-create', named.extend({ facts }), ({ packages }, { facts, ...of }) => packages.create(of, facts)),
  once('package-edit', named.extend({ facts }), ({ packages }, { facts, ...of }) => packages.edit(of, facts)),
  once('package-delete', named, ({ packages }, of) => packages.remove(of)),
  stream(
    'package-prepare',
    named.extend({ note: words, version: words.default(null), dryRun: z.boolean().default(false) }),
    ({ packages }, { repository, name, ...order }, work) =>
      packages.prepare({ repository, name }, { ...work, ...order }),
  ),
  stream('package-distribute', named.extend({ to: sites, except: sites }), ({ packages }, { to, except, ...of }) =>
    packages.distribute(of, to, except),
  ),
  stream(
    'package-release',
    named.extend({
      revision: number,
      ring: depot.nullable(),
      at: z.iso.datetime().nullable(),
      urgent: z.boolean().default(false),
    }),
    ({ packages }, { repository, name, ...order }) => packages.release({ repository, name }, order),
  ),
  stream('package-cancel', named, ({ packages }, of) => packages.cancelRelease(of)),
  stream('package-revoke', named, ({ packages }, of) => packages.revoke(of)),
  stream('package-retire', named.extend({ revision: number }), ({ packages }, { revision, ...of }) =>
    packages.retire(of, revision),
  ),
  once('package-readiness', named, ({ packages }, of) => packages.readiness(of)),
];

const calls: readonly ControlCall[] = [
  ...packagesCalls,
  ...trustCalls,
  ...subjectsCalls,
  ...keysCalls,
  ...movesCalls,
  once('status', z.strictObject({ tree: z.boolean().default(false) }), (api, input) => api.status(input)),
  once('history', oneOrAll.extend({ limit: z.number().int().min(1).max(1000) }), (api, { repository, limit }) =>
    api.history(repository, { limit }),
  ),
  once('holds', nothing, (api) => api.holds()),
  once('approve', hold, (api, { id }) => api.approve(id)),
  once('reload', nothing, (api) => api.reload()),
  once('settings', nothing, (api) => api.settings()),
  once(
    'order-line',
    z.strictObject({
      order: z.strictObject({ rate: rateShape, forMs: z.number().int().min(1000).nullable() }).nullable(),
    }),
    (api, { order }) => api.orderLine(order),
  ),
  stream(
    'poll',
    z.strictObject({ repositories: z.array(repository).min(1).nullable(), wait: z.boolean() }),
    (api, { repositories, wait }, work) => api.poll(repositories, { ...goesOn(work), wait }),
  ),
  stream('plan', oneOrAll.extend({ steps: z.boolean() }), (api, { repository, steps }, work) =>
    api.plan(repository, { ...work, steps }),
  ),
  stream(
    'publish',
    z.strictObject({ repository, wait: z.boolean(), dryRun: z.boolean(), acceptSource: z.boolean() }),
    (api, { repository, ...how }, work) => api.publish(repository, { ...(how.dryRun ? work : goesOn(work)), ...how }),
  ),
  stream(
    'ls',
    z.strictObject({
      repository,
      path: z.string().max(4096),
      generation: z.number().int().min(1).nullable(),
    }),
    (api, { repository, path, generation }, work) => api.ls(repository, path, { ...work, generation }),
  ),
  // A survey of what is missing may take a while.
  stream(
    'forecast',
    z.strictObject({ asked: z.strictObject({ repository, package: packageName.nullable() }).nullable() }),
    (api, { asked }) => api.forecast(asked),
  ),
  stream('held', hold, (api, { id }, work) => api.held(id, work)),
  stream('verify', oneOrAll, (api, { repository }, work) => api.verify(repository, work)),
  stream('gc', z.strictObject({ dryRun: z.boolean() }), (api, { dryRun }, work) =>
    api.gc({ ...(dryRun ? work : goesOn(work)), dryRun }),
  ),
];

export const controlCalls: ReadonlyMap<string, ControlCall> = new Map(calls.map((call) => [call.name, call]));

function once<Input>(
  name: string,
  shape: z.ZodType<Input>,
  run: (api: ControlApi, input: Input) => Promise<unknown>,
): ControlCall {
  return { name, answer: 'once', run: async (api, input) => run(api, understand(name, shape, input)) };
}

function stream<Input>(
  name: string,
  shape: z.ZodType<Input>,
  run: (api: ControlApi, input: Input, work: LongWork) => Promise<unknown>,
): ControlCall {
  return { name, answer: 'stream', run: async (api, input, work) => run(api, understand(name, shape, input), work) };
}

function shown(input: unknown): string {
  return JSON.stringify(input);
}

function understand<Input>(name: string, shape: z.ZodType<Input>, input: unknown): Input {
  const parsed = shape.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ code, path, message }) =>
    code === 'custom' ? message : `${path.join('.')}: ${message}`,
  );
  throw new DepotError('bad-request', `depot ${name}: ${problems.join('; ')}`, { retry: 'never' });
}

/** A cycle, a scan or a collection that has begun is not undone because the one who watched it went away. */
function goesOn(work: LongWork): LongWork {
  return { ...work, signal: new AbortController().signal };
}
