/** Most bytes of one value in the parameters. */
export const MAX_VALUE_BYTES = 2 * 1024 * 1024;

/** Most bytes of all that a call gives back, written as JSON: below what every door of the service lets through. */
export const MAX_RESULT_BYTES = 2_900_000;

/** Most rows that a call may ask for. */
export const MAX_ROWS = 10_000;
