/** Postgres can't hold a NUL, and half of a surrogate pair reaches it as another character. */
export const UNSENDABLE: RegExp = /\p{Surrogate}|\0/u
export const UNSENDABLE_TEXT: string = 'a NUL character or half a surrogate pair, which Postgres can not hold'
