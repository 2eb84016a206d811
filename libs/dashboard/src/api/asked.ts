import { BadRequestException } from '@nestjs/common';
import type { PauseTarget } from '@nestjs-workers/core';
import type { DeadLetterQuery, DeadLetterReason } from '@nestjs-workers/outbox';
import type { DeadLetterSelection } from '../admin/workers.admin.js';

/** Those of the outbox, which may not be installed: the compiler sees that none is missing here. */
const REASONS = Object.keys({
  attempts: 0,
  permanent: 0,
  refused: 0,
  crashed: 0,
  lost: 0,
  unwritable: 0,
} satisfies Record<DeadLetterReason, 0>) as DeadLetterReason[];

/** What a request asks for, read field by field from what nobody has checked; throws 400 with the name of the field. */
export function asked(given: unknown): Asked {
  return new Asked(typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {});
}

export class Asked {
  constructor(private readonly given: Readonly<Record<string, unknown>>) {}

  value(field: string): unknown {
    if (field in this.given) return this.given[field];
    throw new BadRequestException(`${field}: is missing`);
  }

  text(field: string): string | undefined {
    const value = this.given[field];
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string') return value;
    throw new BadRequestException(`${field}: expected a text`);
  }

  name(field: string): string {
    const value = this.text(field);
    if (value !== undefined) return value;
    throw new BadRequestException(`${field}: is missing`);
  }

  number(field: string, fallback: number | undefined, { min, max }: { min: number; max: number }): number {
    const given = this.given[field] ?? fallback;
    const value = typeof given === 'string' && given !== '' ? Number(given) : given;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new BadRequestException(`${field}: expected an integer from ${min} to ${max}`);
  }

  choice<const V extends string>(field: string, values: readonly V[]): V | undefined {
    const given = this.text(field);
    const value = values.find((one) => one === given);
    if (given === undefined || value !== undefined) return value;
    throw new BadRequestException(`${field}: expected one of ${values.join(', ')}`);
  }

  /** One of `{ worker }` and `{ channel }`. */
  target(): PauseTarget {
    const [worker, channel] = [this.text('worker'), this.text('channel')];
    if (worker !== undefined && channel === undefined) return { worker };
    if (channel !== undefined && worker === undefined) return { channel };
    throw new BadRequestException('expected either a worker or a channel');
  }

  /** Which dead letters to list: one by its `id`, or those that match. */
  letters(): Omit<DeadLetterQuery, 'channel'> & { readonly channel?: string } {
    if (this.text('id') === undefined) return this.matching();
    return { ids: [String(this.number('id', undefined, { min: 1, max: Number.MAX_SAFE_INTEGER }))] };
  }

  /** Which dead letters to act on: by their ids, or all of a channel; never everything by saying nothing. */
  selection(): DeadLetterSelection {
    const { ids } = this.given;
    if (ids === undefined) return { ...this.matching(), channel: this.name('channel') };
    const isList = Array.isArray(ids) && ids.length > 0 && ids.length <= 1_000;
    if (isList && ids.every((id) => typeof id === 'string')) return { ids };
    throw new BadRequestException('ids: expected from 1 to 1000 texts');
  }

  private matching() {
    const [channel, reason, since, until] = [
      this.text('channel'),
      this.choice('reason', REASONS),
      this.date('since'),
      this.date('until'),
    ];
    return {
      ...(channel === undefined ? {} : { channel }),
      ...(reason === undefined ? {} : { reason }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    };
  }

  private date(field: string): Date | undefined {
    const text = this.text(field);
    const date = text === undefined ? undefined : new Date(text);
    if (date === undefined || !Number.isNaN(date.getTime())) return date;
    throw new BadRequestException(`${field}: expected a date, as 2026-01-31T12:00:00Z`);
  }
}
