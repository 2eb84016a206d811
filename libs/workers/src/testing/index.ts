// What tests of an application need; nothing here is loaded in production.

export { HeldClock } from './held.clock.js';
export { leakCheck } from './leak.check.js';
export { RecordedRun, RecordingDispatcher } from './recording.dispatcher.js';
export { type DrainReport, type EventNamed, type Where, WorkersTesting, workersTesting } from './testing.js';
export { WaitedTooLongError, WorkersNotRunningError } from './testing.errors.js';
export { until } from './until.js';
