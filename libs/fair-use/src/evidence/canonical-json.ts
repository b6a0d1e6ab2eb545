/**
 * A value as the one JSON text that RFC 8785 (JCS) gives it: names in the order of their UTF-16 code units, no blanks, numbers as
 * ECMAScript writes them. So anybody can write it again and find the same hash.
 * @throws TypeError for what JSON does not have: a number that is not finite, `undefined`, a function
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    // Not by the language of the machine: `<` compares code units.
    const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is no JSON`);
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${typeof value} is no JSON`);
  return text;
}
