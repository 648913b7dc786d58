/** Lets `pass` be told before and after each call of some methods, also of those that take a while. */
export function interrupt<Owner extends object>(owner: Owner, names: readonly (keyof Owner)[], pass: () => void): void {
  for (const name of names) {
    const original = owner[name] as (...given: unknown[]) => unknown;
    function interrupted(this: unknown, ...given: unknown[]): unknown {
      pass();
      const result = original.apply(this, given);
      if (!(result instanceof Promise)) {
        pass();
        return result;
      }
      return result.then((value: unknown) => {
        pass();
        return value;
      });
    }
    Object.defineProperty(owner, name, { value: interrupted });
  }
}
