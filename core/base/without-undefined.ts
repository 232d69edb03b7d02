/** Programs leave a part of their options out by undefined too: without this it would hide the default. */
export const withoutUndefined = <T extends object>(parts: T): T =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T
