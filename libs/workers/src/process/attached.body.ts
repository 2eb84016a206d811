import type { Ending } from '../isolate/body.js';
import type { Dialect } from './dialect.js';
import { LineBody } from './line.body.js';
import type { Meeting } from './meeting.js';

/**
 * A process that was started elsewhere and attached, seen from the host. It is not the host's to kill: to end it is to hang up, and then it
 * may attach again, which makes it a new body.
 */
export class AttachedBody extends LineBody {
  readonly pid = undefined;
  readonly ended: Promise<Ending>;
  private hangUp: () => void = () => {};

  constructor(meeting: Meeting, dialect: Dialect) {
    super(dialect);
    const noMore = new Promise<void>((resolve) => (this.hangUp = resolve));
    const attached = meeting.line.then((line) => this.meet(line));
    this.ended = Promise.race([attached, noMore]).then(async () => {
      this.talk?.destroy();
      await this.lastWords();
      await meeting.close();
      return { reason: 'disconnected', detail: 'its line was closed' };
    });
  }

  kill(): void {
    this.hangUp();
  }
}
