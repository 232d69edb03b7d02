// Whether somebody types. What comes by itself and late (a part of the app that was being loaded) must not take the
// focus from there.

/** The focus is in a box to write in. */
export const isTyping = (): boolean => document.activeElement?.matches(':read-write') ?? false
