import { runServer } from '@taxameter/server';

await runServer({ rooms: ['fair-use'] });
