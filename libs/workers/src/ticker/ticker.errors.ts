import { WorkersError } from '../workers.error.js';

/** A ticker has a cron expression, and the package that reads those is not installed. */
export class CronNotInstalledError extends WorkersError {
  readonly code = 'CRON_NOT_INSTALLED';

  constructor(
    readonly ticker: string,
    cause: unknown,
  ) {
    super(
      `Ticker "${ticker}" has a cron expression, and @nestjs/schedule, which brings the reader for it, cannot be loaded. ` +
        `Install it (npm install @nestjs/schedule), or use every: '1m'.`,
      { cause },
    );
  }
}
