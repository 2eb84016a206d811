import { channel, Ticker, type TickContext, type TickHandler, type WorkersStats } from '@nestjs-workers/core';

/** Only the latest pulse is worth anything, so a new one pushes the old one out. */
export const Pulses = channel<WorkersStats>('pulses', { buffer: 1, bufferType: 'sliding' });

/** Takes the statistics of everything, ten times a second, for the page. */
@Ticker({ every: '100ms', out: Pulses })
export class Pulse implements TickHandler<WorkersStats> {
  tick(context: TickContext): WorkersStats {
    return context.stats();
  }
}
