// What a name may look like, in sentences, so that a form can say what is wrong before the library is asked.
// The library checks again; these rules only repeat what docs/api.md promises.

const nameForm = /^[A-Za-z0-9_-]{1,32}$/
const roomForm = /^[A-Za-z0-9_-]{1,64}$/
const allowed = 'Use letters (a to z), digits, "-" and "_" only.'

/** What is wrong with a person's name, or undefined. */
export function problemWithName(name: string): string | undefined {
  if (name === '') return 'Type a name, so that others can write to you.'
  if (name.length > 32) return `That name has ${name.length} characters; 32 is the most.`
  return nameForm.test(name) ? undefined : `A name cannot be written like that. ${allowed}`
}

/** What is wrong with the name of a mesh or a room, or undefined. */
export function problemWithTopic(name: string, what: 'mesh' | 'room'): string | undefined {
  if (name === '') return `Type the name of the ${what}.`
  if (name.length > 64) return `That name has ${name.length} characters; a ${what} may have 64.`
  return roomForm.test(name) ? undefined : `A ${what} cannot be called that. ${allowed}`
}

/** As people type it: blanks around it and the mark in front (`#general`, `@ada`) do not count. */
export const withoutMark = (text: string): string => text.trim().replace(/^[#@]/, '')
