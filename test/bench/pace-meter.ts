/**
 * Prints the TCP payload that crossed an interface of this network namespace, both ways, each 10 ms: `MILLISECONDS BYTES`,
 * both since the start. The interface counts packets with the headers of Ethernet, IPv4 and TCP with time stamps, of which
 * each has one, however long. A process of its own, so that it measures undisturbed: INTERFACE.
 */
import { closeSync, openSync, readSync } from 'node:fs';

const headersOfPacket = 14 + 20 + 32;
const [device = ''] = process.argv.slice(2);
const room = Buffer.alloc(32);

function counter(name: string): () => number {
  const file = `/sys/class/net/${device}/statistics/${name}`;
  return () => {
    const handle = openSync(file, 'r');
    try {
      return Number(room.toString('latin1', 0, readSync(handle, room)));
    } finally {
      closeSync(handle);
    }
  };
}

const bytes = [counter('rx_bytes'), counter('tx_bytes')];
const packets = [counter('rx_packets'), counter('tx_packets')];
const sum = (counters: readonly (() => number)[]): number => counters.reduce((total, read) => total + read(), 0);
const payload = (): number => sum(bytes) - headersOfPacket * sum(packets);

const before = payload();
setInterval(() => process.stdout.write(`${performance.now().toFixed(1)} ${payload() - before}\n`), 10);
