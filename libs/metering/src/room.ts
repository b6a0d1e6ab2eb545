/** The name of this room: its consumer group, its schema, its database. */
export const ROOM = 'metering';
