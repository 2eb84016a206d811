import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { OutputFolder } from '../output/output.folder.js';

/** The number of an order's parcel: the same each time it is asked for. */
export function parcelFor(order: string): string {
  return createHash('sha256').update(order).digest('hex').slice(0, 8);
}

/**
 * What was shipped: a slip for each order, in the run's folder.
 *
 * Promises: shipped twice is shipped once, since an order has one slip, by its name. What an order is called goes into no path.
 */
@Injectable()
export class Parcels {
  constructor(private readonly folder: OutputFolder) {}

  /** @returns the parcel's number */
  async ship(order: string, prints: number): Promise<string> {
    const parcel = parcelFor(order);
    const slip = join(this.folder.parcels, `${parcel}.json`);
    await writeFile(`${slip}.part`, `${JSON.stringify({ order, prints })}\n`, { flush: true });
    await rename(`${slip}.part`, slip);
    return parcel;
  }
}
