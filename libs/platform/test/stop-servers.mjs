// Stops the servers that start-servers.mjs started and removes their folders; those given from outside are left alone.
export default async function stopServers() {
  const stops = globalThis.taxameterTestServers?.stop ?? [];
  await Promise.all(stops.map((stop) => stop()));
}
