import { ConfigurationError, NotPortableError, PermanentError, Worker, type WorkerContext } from '@nestjs-workers/core';
import { inputsOf } from '../decider/blueprint.js';
import type { Origin } from '../engine/draft.js';
import type { Delivered } from '../engine/outcome.js';
import { DecisionInvalidError, InstanceMissingError } from '../workflows.errors.js';
import { keyOfInput, timerIn, workflowInstance } from '../effects/mail.js';

/** Decides one input of an instance. */
export type Decide = (id: string, input: unknown, origin: Origin) => Promise<Delivered>;

/** What decides the inputs that come by a workflow's channel; a class made for each workflow. */
export type InputsWorker = new (decide: Decide) => object;

/** How many inputs of a workflow are decided at a time; deciding is mostly waiting for the database. */
const CONCURRENCY = 16;

/**
 * The worker of one workflow's inputs: what effects returned, timers that are due, what was sent.
 *
 * A rejection counts as done: the workflow chose. What cannot be helped by trying again is a dead letter at once, all else is tried again as
 * the channel says.
 */
export function inputsWorker(workflow: string): InputsWorker {
  const channel = inputsOf(workflow);

  @Worker({ name: channel, in: channel, key: keyOfInput, concurrency: CONCURRENCY })
  class Inputs {
    constructor(private readonly decide: Decide) {}

    async handle(input: unknown, context: WorkerContext): Promise<void> {
      const instance = workflowInstance(context);
      if (instance === undefined) throw permanent(new InstanceMissingError(channel));
      const timer = timerIn(context.headers);
      const origin: Origin =
        timer === undefined ? { from: 'channel', once: context.idempotencyKey() } : { from: 'timer', timer };
      try {
        await this.decide(instance.id, input, origin);
      } catch (error) {
        throw isLasting(error) ? permanent(error) : error;
      }
    }
  }
  return Inputs;
}

function isLasting(error: unknown): error is Error {
  return (
    error instanceof DecisionInvalidError || error instanceof NotPortableError || error instanceof ConfigurationError
  );
}

function permanent(cause: Error): PermanentError {
  return new PermanentError(cause.message, { cause });
}
