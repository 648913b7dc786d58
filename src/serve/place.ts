import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { DepotError } from '../model/errors.js';

export interface Place {
  /** An IP address, or a name of one; port 0 takes any that is free. `::` is all addresses, those of IPv4 too. */
  readonly host: string;
  readonly port: number;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** The one address to bind. @throws DepotError `listen-failed` where there is none, or plain HTTP would leave the machine */
export async function addressOf({ host, port }: Place, isSecure: boolean): Promise<string> {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(name) === 0 ? await resolve(name) : [name];
  const [first] = addresses;
  if (first !== undefined && (isSecure || addresses.every(isLoopback))) return first;
  throw new DepotError('listen-failed', `listen on ${host}:${port}: ${addresses.join(', ')} is not on loopback`, {
    hint:
      'without certificates a depot listens on 127.0.0.1 or [::1] only: set `listen: http://127.0.0.1:8443`, ' +
      'or join and set `listen: https://...`',
    retry: 'never',
  });
}

async function resolve(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw new DepotError('listen-failed', `listen on ${name}: there is no such name`, {
      cause,
      hint: 'set `listen:` to an address of this machine',
      retry: 'never',
    });
  }
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

export function listenFailed(error: NodeJS.ErrnoException, host: string, port: number): DepotError {
  const hints: Record<string, string> = {
    EADDRINUSE: `another program listens there; \`ss -ltnp 'sport = :${port}'\` says which. Stop it, or set another port in \`listen:\``,
    EACCES:
      'ports below 1024 need CAP_NET_BIND_SERVICE: set a higher port in `listen:`, or install the drop-in of systemd/',
    EADDRNOTAVAIL: 'this machine does not have that address; set `listen:` to one that it has',
  };
  const hint = hints[error.code ?? ''];
  return new DepotError('listen-failed', `listen on ${host}:${port}: ${error.message}`, {
    cause: error,
    retry: 'never',
    ...(hint === undefined ? {} : { hint }),
  });
}
