/** An event as Server-Sent Events write it (HTML standard, 9.2.6). JSON holds no line break, so `data` is one line. */
export function eventText(name: string, id: number, data: unknown): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
