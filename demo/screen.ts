const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

export type Style = keyof typeof codes

/** Text in one style; plain without one. */
export type Span = string | readonly [Style, string]

interface Word {
  readonly text: string
  readonly style: Style | undefined
}

export const noBreakSpace = '\u00A0'

/** Beyond this, lines are hard to read on any terminal. */
const WIDEST = 110
/** Below this the terminal has to break them. */
const NARROWEST = 40

/** Writes lines as wide as the terminal at most, in colour where colours are shown. */
export class Screen {
  readonly #out: NodeJS.WriteStream
  readonly #colours: boolean

  constructor(out: NodeJS.WriteStream, environment: Readonly<Record<string, string | undefined>>) {
    this.#out = out
    this.#colours = showsColours(out, environment)
  }

  /** The columns to write in; read anew each time, as windows are resized. */
  get width(): number {
    return Math.min(WIDEST, Math.max(NARROWEST, (this.#out.columns || 81) - 1))
  }

  /** A line as it is. */
  line(...spans: readonly Span[]): void {
    this.#out.write(`${spans.map((span) => this.#painted(span)).join('')}\n`)
  }

  /** A heading with a rule to the right edge. */
  heading(text: string): void {
    this.line()
    this.line(
      ['dim', '── '],
      ['bold', text],
      ['dim', ` ${'─'.repeat(Math.max(3, this.width - text.length - 4))}`],
    )
    this.line()
  }

  /**
   * A paragraph of spans with a space between each two, broken at spaces, but not at `noBreakSpace`, which is written as
   * an ordinary one. `right` stands at the end of the first line.
   */
  flow(indent: number, spans: readonly Span[], { hanging = 0, right = '' } = {}): void {
    const width = this.width - indent
    const lines = broken(spans.flatMap(wordsOf), width - (right ? right.length + 2 : 0), width - hanging)
    lines.forEach((words, index) => {
      const margin = ' '.repeat(indent + (index > 0 ? hanging : 0))
      if (index > 0 || !right) return this.line(margin, ...spansOf(words))
      const gap = ' '.repeat(Math.max(2, width - lengthOf(words) - right.length))
      this.line(margin, ...spansOf(words), gap, ['dim', right])
    })
  }

  #painted(span: Span): string {
    if (typeof span === 'string') return span
    const [style, text] = span
    return this.#colours ? `\u001B[${codes[style]}m${text}\u001B[0m` : text
  }
}

function showsColours(
  out: NodeJS.WriteStream,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const forced = environment['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (environment['NO_COLOR']) return false
  return out.isTTY && environment['TERM'] !== 'dumb'
}

function wordsOf(span: Span): Word[] {
  const [style, text] = typeof span === 'string' ? [undefined, span] : span
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ text: word, style }))
}

function broken(words: readonly Word[], first: number, others: number): Word[][] {
  const lines: Word[][] = [[]]
  for (const word of words) {
    const line = lines.at(-1) ?? []
    const width = lines.length === 1 ? first : others
    if (line.length > 0 && lengthOf([...line, word]) > width) lines.push([word])
    else line.push(word)
  }
  return lines
}

/** Neighbours of one style become one span again. */
function spansOf(words: readonly Word[]): Span[] {
  const spans: { style: Style | undefined; text: string }[] = []
  for (const { style, text } of words) {
    const word = text.replaceAll(noBreakSpace, ' ')
    const last = spans.at(-1)
    if (last && last.style === style) {
      last.text += ` ${word}`
      continue
    }
    if (last) spans.push({ style: undefined, text: ' ' })
    spans.push({ style, text: word })
  }
  return spans.map(({ style, text }) => (style ? [style, text] : text))
}

function lengthOf(words: readonly Word[]): number {
  return words.reduce((sum, { text }) => sum + text.length + 1, -1)
}
