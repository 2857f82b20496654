/** A field of what the user has written, which need not be there. */
export type Field<S, Name> = Name extends keyof S ? S[Name] : undefined
