/**
 * Fair use decides whether an integration's use of the API is fair. What leaves this library is one Nest
 * module.
 */
export {};
