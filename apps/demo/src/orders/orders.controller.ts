import {
  Body,
  ConflictException,
  Controller,
  Get,
  Header,
  NotFoundException,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { type Card, CARDS } from './order.js';
import { Orders, type OrderView } from './orders.js';

const MOST_LISTED = 50;

export class PlacedOrder {
  /** Any text that every database keeps as it is. */
  @IsString()
  @Length(1, 80)
  @Matches(/^[^\p{Surrogate}\0]*$/u, { message: 'the id has characters that are no text' })
  readonly id!: string;

  @IsInt()
  @Min(1)
  @Max(1_000)
  readonly prints!: number;

  @IsIn(CARDS)
  readonly card!: Card;

  @IsInt()
  @Min(1)
  @Max(3_600)
  readonly payWithinSeconds!: number;
}

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: Orders) {}

  /** Answers when the order is written down; charging and shipping come by themselves. An id that is taken is a 409. */
  @Post()
  async place(@Body(new ValidationPipe({ transform: true })) order: PlacedOrder): Promise<{ readonly placed: string }> {
    const { id, prints, card, payWithinSeconds } = order;
    const outcome = await this.orders.place(id, { prints, card, payWithinMs: payWithinSeconds * 1_000 });
    if (outcome.type === 'accepted') return { placed: id };
    throw new ConflictException(`Order "${id}" was placed already.`);
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  list(): Promise<readonly OrderView[]> {
    return this.orders.latest(MOST_LISTED);
  }

  /** The id stands in the query and not in the path, because "..", say, is an id like another. */
  @Get('history')
  @Header('Cache-Control', 'no-store')
  async history(@Query('id') id: unknown): Promise<OrderView> {
    const order = isId(id) ? await this.orders.find(id) : undefined;
    if (order === undefined) throw new NotFoundException('There is no such order.');
    return order;
  }
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && /^[^\p{Surrogate}\0]{1,80}$/u.test(id);
}
