const tones = 6

/** A colour number for an id, the same everywhere: one of the tones in styles/properties.css. */
export const toneOf = (id: string): number => (Number.parseInt(id.slice(0, 6), 16) || 0) % tones
