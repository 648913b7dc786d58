import { spans, type Window, type Windows } from './windows.js';

const dayMs = 86_400_000;
/** Days that are looked at in one go. */
const fewDays = 14;

/** A window that never counts: earlier ones hold whenever it does, or its days and dates never meet. */
export interface HiddenWindow {
  /** Its place in the list. */
  readonly window: number;
  readonly because: 'earlier' | 'never';
}

/** The windows that have no effect, whatever the day. */
export function hiddenWindows(list: readonly Window[]): HiddenWindow[] {
  return [...list.entries()].flatMap(([at, window]): HiddenWindow[] => {
    // What holds on some dates only does not hide what holds on all.
    const earlier = list.slice(0, at).filter(({ dates }) => window.dates !== null || dates === null);
    if (!counts([window], window)) return [{ window: at, because: 'never' }];
    return counts([...earlier, window], window) ? [] : [{ window: at, because: 'earlier' }];
  });
}

/** Whether the last of the list is ever the one that counts. Clock changes do not matter here, so UTC will do. */
function counts(list: readonly Window[], { dates }: Window): boolean {
  const windows: Windows = { zone: 'UTC', list, otherwise: 'closed' };
  // A week of any days: what began before it holds in it, too.
  return (dates ?? [[10_000, 10_006] as const]).some(([first, last]) => {
    for (let day = first; day <= last; day += fewDays) {
      const until = Math.min(day + fewDays, last + 2);
      if (spans(windows, day * dayMs, until * dayMs).some(({ window }) => window === list.length - 1)) return true;
    }
    return false;
  });
}
