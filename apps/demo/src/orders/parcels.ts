import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { OutputFolder } from '../output/output.folder.js';

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
    const parcel = createHash('sha256').update(order).digest('hex').slice(0, 8);
    const slip = join(this.folder.parcels, `${parcel}.json`);
    await writeFile(`${slip}.part`, `${JSON.stringify({ order, prints })}\n`, { flush: true });
    await rename(`${slip}.part`, slip);
    return parcel;
  }
}
