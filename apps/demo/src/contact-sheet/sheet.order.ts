import { channel } from '@nestjs-workers/core';
import { ArrayMaxSize, ArrayMinSize, IsString } from 'class-validator';

/** More would make a sheet that no screen shows and few viewers open. */
export const MAX_ON_SHEET = 200;

/** Which thumbnails go on the sheet, and where it is written. */
export class SheetOrder {
  @IsString({ each: true })
  @ArrayMinSize(1, { message: 'there is no thumbnail to put on a contact sheet yet' })
  @ArrayMaxSize(MAX_ON_SHEET)
  readonly thumbnails!: readonly string[];

  @IsString()
  readonly path!: string;
}

/** One is made and one may wait; who asks for a third is told to come back later. */
export const SheetOrders = channel<SheetOrder>('sheet-orders', { buffer: 1, putMode: 'drop', payload: SheetOrder });
