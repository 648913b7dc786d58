import { spawnSync } from 'node:child_process';

/** Before the first test: brings `dist/` up to date, because the harness starts the daemon and the command that ship. */
export default function build(): void {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm run build ended with ${status}\n${stdout}${stderr}`);
}
