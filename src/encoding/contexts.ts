import binding from 'zstd-napi/binding.js';

/**
 * A context of zstd holds megabytes that the garbage collector does not see, so one that is dropped stays for long. A few of
 * them are used again and again; whoever takes one gives it back when he is done.
 */
const kept = 2;

const compressors: binding.CCtx[] = [];
const inflaters: binding.DCtx[] = [];

export function takeCompressor(): binding.CCtx {
  return compressors.pop() ?? new binding.CCtx();
}

export function giveCompressor(compressor: binding.CCtx): void {
  compressor.reset(binding.ResetDirective.sessionAndParameters);
  if (compressors.length < kept) compressors.push(compressor);
}

/** After contents of many megabytes, whose tables are too large to be kept. */
export function dropCompressors(): void {
  compressors.length = 0;
}

export function takeInflater(): binding.DCtx {
  return inflaters.pop() ?? new binding.DCtx();
}

export function giveInflater(inflater: binding.DCtx): void {
  inflater.reset(binding.ResetDirective.sessionAndParameters);
  if (inflaters.length < kept) inflaters.push(inflater);
}
