const usual = 'is the parent running, and is this its address?';

const unroutable = 'there is no way to that address: is the line up, and does a firewall let the port through?';

const unresolved =
  'no address is known for that name: check its spelling in `parent:`, and the name servers of this machine';

/** What to look at, by the codes of getaddrinfo(3) and connect(2). */
const hints: Readonly<Record<string, string>> = {
  ENOTFOUND: unresolved,
  EAI_AGAIN: 'the name servers of this machine do not answer: is the line up?',
  ECONNREFUSED: `nothing listens there: ${usual}`,
  EHOSTUNREACH: unroutable,
  ENETUNREACH: unroutable,
  ETIMEDOUT: unroutable,
};

/** What a person looks at where no connection came about. Where names are tried one after the other, the first failure says why. */
export function hintOfNoConnection(thrown: unknown): string {
  const first: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  return hints[code] ?? usual;
}
