/** How every command prints JSON; the end of the line is left to whoever writes it. */
export function inJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
