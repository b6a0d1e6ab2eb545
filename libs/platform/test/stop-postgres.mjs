// Stops the server that start-postgres.mjs started and removes its folder; a server given from outside is
// left alone.
export default async function stopPostgres() {
  const started = globalThis.taxameterTestPostgres;
  if (started === undefined) return;
  const { discardEmbeddedPostgres } = await import('../dist/postgres/embedded-postgres.service.js');
  await started.postgres.stop();
  await discardEmbeddedPostgres(started.folder);
}
