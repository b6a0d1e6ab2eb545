/** What the rest of the system may use of billing: its module, its migrations and its commands. */
export {};
