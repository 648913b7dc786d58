import { spawn, spawnSync, type ChildProcess } from 'node:child_process';

/** Two network namespaces with one line between them, and the parent's address on it. */
export interface Namespaces {
  readonly address: string;
  /** Starts a program in one of them; it ends with this process. */
  start(where: 'parent' | 'child', command: readonly string[]): ChildProcess;
  /** Bytes that the child's interface has received and sent, headers of IP and Ethernet included. */
  interfaceBytes(): number;
  close(): void;
}

const names = { parent: 'depotd-bench-p', child: 'depotd-bench-c' } as const;
const address = '10.79.0.1';

/** @throws where this user may not make them */
export function makeNamespaces(): Namespaces {
  ip('netns', 'add', names.parent);
  ip('netns', 'add', names.child);
  ip('link', 'add', 'line', 'netns', names.parent, 'type', 'veth', 'peer', 'name', 'line', 'netns', names.child);
  for (const [name, own] of [
    [names.parent, address],
    [names.child, '10.79.0.2'],
  ] as const) {
    ip('-n', name, 'addr', 'add', `${own}/24`, 'dev', 'line');
    for (const device of ['lo', 'line']) ip('-n', name, 'link', 'set', device, 'up');
  }
  return {
    address,
    start(where, command) {
      const inside = ['netns', 'exec', names[where], 'setpriv', '--pdeathsig', 'KILL', ...command];
      return spawn('setpriv', ['--pdeathsig', 'KILL', 'ip', ...inside], { stdio: ['ignore', 'pipe', 'inherit'] });
    },
    interfaceBytes() {
      const [link] = JSON.parse(ip('-n', names.child, '-s', '-j', 'link', 'show', 'line')) as [
        { stats64: { rx: { bytes: number }; tx: { bytes: number } } },
      ];
      return link.stats64.rx.bytes + link.stats64.tx.bytes;
    },
    close() {
      for (const name of Object.values(names)) spawnSync('ip', ['netns', 'del', name]);
    },
  };
}

function ip(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}; this section of the bench needs root`);
  return stdout;
}
