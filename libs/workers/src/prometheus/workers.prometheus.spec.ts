import { Counter, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { boot } from '../testing/fixtures/boot.js';
import { Worker } from '../worker/worker.decorator.js';
import { WorkersPrometheus } from './index.js';

const Uploads = channel<string>('up"loads', { buffer: 8 });

@Worker({ in: Uploads, expose: true })
class Resizer {
  handle(path: string): string {
    return path;
  }
}

describe('the metrics for Prometheus', () => {
  it('are the statistics as text, with histograms, read when they are asked for', async () => {
    const { gateway, moduleRef } = await boot({ channels: [Uploads], providers: [Resizer, WorkersPrometheus] });
    const prometheus = moduleRef.get(WorkersPrometheus);
    expect(await prometheus.text()).toContain('nestjs_workers_channel_taken_total{channel="up\\"loads"} 0');
    await gateway.request(Resizer, 'cat');
    const text = await prometheus.text();
    for (const line of [
      '# TYPE nestjs_workers_channel_taken_total counter',
      'nestjs_workers_channel_taken_total{channel="up\\"loads"} 1',
      '# TYPE nestjs_workers_channel_oldest_age_seconds gauge',
      'nestjs_workers_worker_outcomes_total{worker="Resizer",outcome="done",kind=""} 1',
      '# TYPE nestjs_workers_run_duration_seconds histogram',
      'nestjs_workers_run_duration_seconds_bucket{worker="Resizer",le="+Inf"} 1',
      'nestjs_workers_wait_duration_seconds_count{worker="Resizer"} 1',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('go into a registry that is served already', async () => {
    const { moduleRef } = await boot({ channels: [Uploads], providers: [Resizer, WorkersPrometheus] });
    const registry = new Registry();
    new Counter({ name: 'mine', help: 'mine', registers: [registry] }).inc();
    moduleRef.get(WorkersPrometheus).register(registry);
    const text = await registry.metrics();
    expect(text).toContain('mine 1');
    expect(text).toContain('nestjs_workers_worker_in_flight{worker="Resizer"} 0');
  });
});
