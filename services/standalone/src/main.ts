import { runServer } from '@taxameter/server';

// Every domain in one process, whatever ROOMS says.
await runServer({ rooms: [] });
