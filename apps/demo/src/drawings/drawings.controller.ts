import { Body, Controller, HttpCode, HttpStatus, Post, ValidationPipe } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';
import { Easel } from './easel.js';

export class DrawingsOrder {
  @IsInt()
  @Min(1)
  @Max(60)
  readonly count!: number;
}

@Controller('drawings')
export class DrawingsController {
  constructor(private readonly easel: Easel) {}

  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  async order(@Body(new ValidationPipe({ transform: true })) { count }: DrawingsOrder): Promise<{ ordered: number }> {
    await this.easel.order(count);
    return { ordered: count };
  }
}
