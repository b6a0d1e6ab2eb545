import { runServer } from '@taxameter/server';

await runServer({ rooms: ['partners'] });
