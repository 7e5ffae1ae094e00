/** By name. */
export const DISTURBANCES: Readonly<Record<string, unknown>>;
