const RealDate = Date

/** Moves the time of day, as somebody does who sets the clock of the machine; timers and `performance.now` go on as they were. */
export function setClockOff(ms: number): void {
  globalThis.Date = new Proxy(RealDate, {
    construct(target, parameters: [], newTarget) {
      if (parameters.length > 0 || newTarget !== globalThis.Date) {
        return Reflect.construct(target, parameters, newTarget) as Date
      }
      return new RealDate(RealDate.now() + ms)
    },
    get(target, name) {
      return name === 'now' ? () => RealDate.now() + ms : (Reflect.get(target, name) as unknown)
    },
  })
}
