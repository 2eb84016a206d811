import type { WorkersEvent } from '@nestjs-workers/core';

/** An event as it can be sent: an error as its name and message. Its stack may tell of the machine, its fields of the payload. */
export function shownEvent(event: WorkersEvent): object {
  return Object.fromEntries(
    Object.entries(event).map(([field, value]: [string, unknown]) => [
      field,
      value instanceof Error ? { name: value.name, message: value.message } : value,
    ]),
  );
}
