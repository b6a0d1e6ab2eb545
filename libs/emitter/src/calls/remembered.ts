/** A function that remembers its answers, at most `max` of them: when they are too many all are forgotten. */
export function remembered<Result>(max: number, make: (key: string) => Result): (key: string) => Result {
  const known = new Map<string, Result>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (known.size >= max) known.clear();
    known.set(key, made);
    return made;
  };
}
