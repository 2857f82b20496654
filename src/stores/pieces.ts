const maxLength = 4_000_000

/** Cuts ids into pieces of at most `maxIds`, and of some megabytes: what one call to a server can carry. */
export function* pieces(ids: readonly string[], maxIds: number): Generator<string[], void, undefined> {
  let piece: string[] = []
  let length = 0
  for (const id of ids) {
    if (piece.length === maxIds || (piece.length > 0 && length + id.length > maxLength)) {
      yield piece
      piece = []
      length = 0
    }
    piece.push(id)
    length += id.length
  }
  if (piece.length > 0) yield piece
}
