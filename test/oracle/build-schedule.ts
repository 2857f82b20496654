import type { Setup } from './script.ts'

type Build = () => Promise<void>

/** When the builds that an aggregator asks for are made. */
export class BuildSchedule {
  readonly #kind: Setup['schedule']
  readonly #count: (feature: string) => void
  #requests: Build[] = []
  #number = 0
  #isNew = false

  constructor(kind: Setup['schedule'], count: (feature: string) => void) {
    this.#kind = kind
    this.#count = count
  }

  /** What to give as `scheduleBuildObjects`. `instead` is built in place of what is asked for: in another process, say. */
  scheduler(instead?: Build): ((build: Build) => unknown) | undefined {
    if (this.#kind === 'at once' && instead === undefined) return undefined
    return (build) => this.#request(instead ?? build)
  }

  /** The builds that are due when a step begins. */
  take(): Build[] {
    if (this.#kind === 'when quiet' && this.#isNew) {
      this.#isNew = false
      return []
    }
    const due = this.#requests
    this.#requests = []
    return due
  }

  #request(build: Build): unknown {
    this.#number += 1
    this.#isNew = true
    switch (this.#kind) {
      case 'at once':
        return build()
      case 'never':
        return undefined
      case 'later':
        return void this.#requests.push(build)
      case 'when quiet':
        if (this.#requests.length > 0) this.#count('build request merged with later ones')
        this.#requests = [build]
        return undefined
      case 'some are lost':
        if (this.#number % 2 === 1) return build()
        return this.#count('build request lost')
      default:
        return this.#kind satisfies never
    }
  }
}
