import { Envelope, type NewMessage, resolveDurableOptions } from '@nestjs-workers/outbox/extension';
import type { Headers } from '@nestjs-workers/core';
import type { Sending } from '@nestjs-workers/core/extension';
import type { AskedEffect } from '../decider/decision.js';
import { effectsOf, inputsOf } from '../decider/blueprint.js';
import type { FiredTimer, Instance, TimerToken } from '../store/store.js';
import type { WorkflowInstance } from '../decider/workflow.js';

const WORKFLOW = 'workflow';
const INSTANCE = 'workflow-instance';
const TIMER = 'workflow-timer';

/**
 * How effects and inputs travel: as messages of the two durable channels of a workflow. The headers say which instance they belong to, and
 * because what an effect's handler returns is routed with the effect's headers, the answer finds its instance by itself.
 *
 * Inputs of one instance have its id as key, so that they are decided in their order, one at a time, over all hosts.
 */
export class Mail {
  private readonly effects: Envelope;
  private readonly inputs: Envelope;

  /** @param carried headers with the trace that is under way, where there is one */
  constructor(
    workflow: string,
    private readonly carried: (headers: Headers) => Headers = (headers) => headers,
  ) {
    const plain = resolveDurableOptions(workflow, {}, []);
    this.effects = new Envelope(effectsOf(workflow), plain);
    this.inputs = new Envelope(inputsOf(workflow), plain);
  }

  /** @throws NotPortableError, ConfigurationError when its options make no sense */
  effect(instance: Instance, { payload, options }: AskedEffect<unknown>): NewMessage {
    return this.effects.write({ payload, sending: options, headers: this.carried(headersFor(instance)) });
  }

  /** @throws NotPortableError, ConfigurationError */
  input(instance: Instance, payload: unknown, sending: Sending = {}): NewMessage {
    return this.inputs.write({ payload, sending, key: instance.id, headers: headersFor(instance) });
  }

  /** Its input as it lies in the store, readable or not: what cannot be read becomes a dead letter with the reason. */
  firedTimer({ workflow, id, key, generation, input }: FiredTimer): NewMessage {
    const headers = { ...headersFor({ workflow, id }), [TIMER]: JSON.stringify({ key, generation }) };
    return { ...this.inputs.write({ payload: null, key: id, headers }), payload: input };
  }
}

/** What says which instance a message belongs to. */
export function headersFor({ workflow, id }: Instance): Headers {
  return { [WORKFLOW]: workflow, [INSTANCE]: id };
}

/**
 * Which instance asked for the effect that is being handled.
 *
 * @param context what the handler was given, in whatever dispatch
 * @returns undefined when the message was put on the channel by somebody else
 */
export function workflowInstance({ headers }: { readonly headers: Headers }): WorkflowInstance | undefined {
  const { [WORKFLOW]: workflow, [INSTANCE]: id } = headers;
  return workflow === undefined || id === undefined ? undefined : { workflow, id };
}

/** The timer whose input a message carries. */
export function timerIn(headers: Headers): TimerToken | undefined {
  const text = headers[TIMER];
  return text === undefined ? undefined : (JSON.parse(text) as TimerToken);
}

/** What the inputs of one instance are put in order by. */
export function keyOfInput({ headers }: { readonly headers: Headers }): string | undefined {
  return headers[INSTANCE];
}
