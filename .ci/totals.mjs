// What vitest's JSON reports say.
//   node totals.mjs complete <report> <folder>…   fails on a skipped test, and on a test file there that has not run
//   node totals.mjs unskipped <report>            fails on a skipped test, and when nothing has run
//   node totals.mjs close <reports> <stages>      prints "N passed, N failed" over all reports in the folder; a stage
//                                                 can fail without a failed test, so N is at least that of failed stages
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const [command, path, ...rest] = process.argv.slice(2)

function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function testFilesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
}

function unskippedProblems(report) {
  const skipped = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName, status }) => `${relative('.', name)} › ${fullName}: ${status}`),
  )
  const counted = report.numPendingTests + report.numTodoTests
  return [
    ...skipped,
    ...(counted === skipped.length
      ? []
      : [`The report counts ${counted} skipped tests and names ${skipped.length}.`]),
    ...(report.numTotalTests > 0 && report.testResults.length > 0 ? [] : ['No test has run.']),
  ]
}

function missingFiles(report, folders) {
  const ran = new Set(report.testResults.map(({ name }) => relative('.', name)))
  return folders
    .flatMap(testFilesIn)
    .filter((file) => !ran.has(file))
    .map((file) => `${file} has not run.`)
}

function closingLine(reports, failedStages) {
  const sum = (count) => reports.map(count).reduce((total, number) => total + number, 0)
  const passed = sum((report) => report.numPassedTests)
  const failed = Math.max(
    sum((report) => report.numFailedTests),
    failedStages,
  )
  const skipped = sum((report) => report.numPendingTests + report.numTodoTests)
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

if (command === 'close') {
  const reports = readdirSync(path).map((name) => read(join(path, name)))
  console.log(closingLine(reports, Number(rest[0])))
} else {
  const report = read(path)
  const problems = [
    ...unskippedProblems(report),
    ...(command === 'complete' ? missingFiles(report, rest) : []),
  ]
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
}
