/**
 * Passes TCP connections on, and prints what crossed it, both ways, each 10 ms: `MILLISECONDS BYTES`, both since the start.
 * A process of its own, so that it runs in another network namespace and measures undisturbed: HOST PORT TO-PORT.
 */
import { connect, createServer } from 'node:net';

const [host = '', port = '0', to = '0'] = process.argv.slice(2);
let bytes = 0;
createServer((near) => {
  const far = connect(Number(to), host);
  for (const [from, into] of [
    [near, far],
    [far, near],
  ] as const) {
    from.setNoDelay(true).on('data', (chunk) => {
      bytes += chunk.length;
      if (into.write(chunk)) return;
      from.pause();
      into.once('drain', () => from.resume());
    });
    from.on('error', () => into.destroy()).on('close', () => into.destroy());
  }
}).listen(Number(port), host, () => {
  setInterval(() => process.stdout.write(`${performance.now().toFixed(1)} ${bytes}\n`), 10);
});
