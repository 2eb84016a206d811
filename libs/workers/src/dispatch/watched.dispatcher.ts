import type { GuardedRun } from '../guard/guarded.run.js';
import type { Run } from './dispatcher.js';
import { InlineDispatcher, type Sighting } from './inline.dispatcher.js';

/**
 * Runs the handler here and has the watchdog watch all of it: also after an `await`, in a timer it set, in a helper it calls.
 *
 * For development and tests (`guard: 'fail'`): each handler runs inside an asynchronous context that names it, which about doubles
 * what a message costs.
 */
export class WatchedDispatcher extends InlineDispatcher {
  private readonly watched = new WeakMap<Run, GuardedRun>();

  override abandon(run: Run): void {
    void this.watched.get(run)?.end();
  }

  protected override enter(run: Run): unknown {
    const guarded = this.guarding.guard.begin(run.context.runId, this.site.name, run.message.id);
    this.watched.set(run, guarded);
    try {
      return this.site.invoke(run.message, run.context, guarded);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  protected override follow(run: Run, returned: unknown): void {
    const guarded = this.watched.get(run);
    if (guarded === undefined || guarded.isOver) return super.follow(run, returned);
    Promise.resolve(returned).then(
      (value: unknown) => this.leave(run, guarded, () => run.fulfilled(value)),
      (thrown: unknown) => this.leave(run, guarded, () => run.rejected(thrown)),
    );
  }

  protected override async sighting(run: Run): Promise<Sighting | undefined> {
    return this.watched.get(run)?.end();
  }

  /** The handler has settled; `goOn` ends its run unless it was seen to block. */
  private leave(run: Run, guarded: GuardedRun, goOn: () => void): void {
    const seen = guarded.end();
    if (seen === undefined) return goOn();
    void seen.then((report) => {
      if (report === undefined) goOn();
      else
        this.blocked(run, {
          messageId: guarded.messageId,
          blockedMs: report.blockedMs,
          location: report.location,
          stack: report.stack,
        });
    });
  }
}
