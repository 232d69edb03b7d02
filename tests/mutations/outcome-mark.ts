/** What begins a line by which a child tells how a story went. */
export const outcomeMark = 'outcome: '
