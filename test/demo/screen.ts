import type { ReadStream, WriteStream } from 'node:tty';

/** A terminal that is drawn on, beside what it showed before, which is back at the end. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  draw(lines: readonly string[]): void;
  close(): void;
}

const alternate = { on: '\u001b[?1049h\u001b[?25l', off: '\u001b[?25h\u001b[?1049l' };
/** Terminals that know it show what is between at once; the others ignore it. */
const atOnce = { begin: '\u001b[?2026h', end: '\u001b[?2026l' };
const home = '\u001b[H';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

/** `onKey` gets each character that is typed; Ctrl-C is `\u0003`, and a terminal that went away is `undefined`. */
export function openScreen(input: ReadStream, output: WriteStream, onKey: (key: string | undefined) => void): Screen {
  let shown = '';
  const onData = (text: string): void => [...text].forEach((key) => onKey(key));
  const onEnd = (): void => onKey(undefined);
  const onResize = (): void => void (shown = '');
  output.write(alternate.on);
  output.on('resize', onResize);
  if (input.isTTY) {
    input.setRawMode(true);
    input.setEncoding('utf8').on('data', onData).once('end', onEnd).once('error', onEnd);
  }
  return {
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    draw(lines) {
      const text = lines.map((line) => `${line}${clearLine}`).join('\r\n');
      if (text === shown) return;
      shown = text;
      output.write(`${atOnce.begin}${home}${text}${clearBelow}${atOnce.end}`);
    },
    close() {
      output.off('resize', onResize);
      if (input.isTTY) {
        input.off('data', onData).off('end', onEnd).setRawMode(false);
        input.pause();
      }
      output.write(alternate.off);
    },
  };
}
