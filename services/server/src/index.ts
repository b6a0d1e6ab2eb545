/** The one image: every process is this server with some of its rooms. */
export { ALL_ROOMS, roomsNamed } from './rooms.js';
export { runServer, startFailure, stopOnSignal } from './run-server.js';
