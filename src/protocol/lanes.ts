/** Connections of one parent over which large files come, all of them together; beyond those each further file has one. */
const mostLanes = 4;
/**
 * What may have to be held in memory of frames until their turn, of all large files together; bytes. The frame whose turn it is
 * comes beyond that, too.
 */
const mostBytes = 8 * 1024 ** 2;

/** A frame of a large file on its way. Both may be said again. */
export interface Lane {
  /** Nothing more comes of it. */
  leave(): void;
  /** Nothing of it is held any more. */
  empty(): void;
}

/** Shares the connections of a parent among the large files that come from it. */
export class Lanes {
  private open = 0;
  private bytes = 0;

  /**
   * A lane for a frame of which so many bytes may have to be held; undefined where there is no room for it.
   * @param isNeeded whether it is the one that its file reads next: that has one beyond both limits
   */
  enter(bytes: number, isNeeded: boolean): Lane | undefined {
    if (!isNeeded && (this.open >= mostLanes || this.bytes + bytes > mostBytes)) return undefined;
    this.open += 1;
    this.bytes += bytes;
    let [isOpen, isHeld] = [true, true];
    return {
      leave: () => {
        if (isOpen) this.open -= 1;
        isOpen = false;
      },
      empty: () => {
        if (isHeld) this.bytes -= bytes;
        isHeld = false;
      },
    };
  }

  /** How many frames of one file are on their way at once, at most. */
  get most(): number {
    return mostLanes;
  }
}
