import type { ControlPremises } from '../../gateway/workers.control.js';
import type { Announcer } from '../../observe/announcer.js';
import { NotInIsolateError } from '../isolate.errors.js';

/** The control as it is inside an isolate: it can be injected there, and says that workers are controlled in the host. */
export class FarControl implements ControlPremises {
  constructor(readonly announcer: Announcer) {}

  controllable(): never {
    throw new NotInIsolateError('WorkersControl', 'Control the workers in the host.');
  }

  controllables(): readonly string[] {
    return [];
  }

  channel(): never {
    return this.controllable();
  }
}
