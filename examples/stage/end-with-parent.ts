/** Ends this process when the one that has forked it is gone, however that ended. Started alone, it does nothing. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit(1))
  // It may have gone while we were loaded.
  if (process.send !== undefined && !process.connected) process.exit(1)
}
