/**
 * Reads vitest's JSON report and says in one plain line how it went: `N passed, N failed`. A file that could not even be
 * loaded counts as one failure, and so does a report that was never written.
 */
import { readFileSync } from 'node:fs';

const { passed, failed } = tally(process.argv[2]);
console.log(`${passed} passed, ${failed} failed`);

function tally(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const broken = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
