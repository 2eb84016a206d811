import { type CanActivate, Inject, Injectable, type INestApplication, Module, VersioningType } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { WorkersModule } from '@nestjs-workers/core';
import { DashboardModule, type DashboardModuleOptions, WorkersAdmin } from '@nestjs-workers/dashboard';
import { expect, it, onTestFinished } from 'vitest';

/** Something that a guard needs. */
@Injectable()
class Doorkeeper {
  isOpen = true;
}

@Module({ providers: [Doorkeeper], exports: [Doorkeeper] })
class DoorModule {}

@Injectable()
class DoorGuard implements CanActivate {
  constructor(@Inject(Doorkeeper) private readonly doorkeeper: Doorkeeper) {}

  canActivate(): boolean {
    return this.doorkeeper.isOpen;
  }
}

async function started(
  dashboard: ReturnType<typeof DashboardModule.forRoot>,
  tune: (app: INestApplication) => void = () => {},
) {
  const moduleRef = await Test.createTestingModule({ imports: [WorkersModule.forRoot({}), dashboard] }).compile();
  const app = moduleRef.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  tune(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const isWritable = async (path: string): Promise<unknown> =>
    ((await (await fetch(`${url}/${path}/topology`)).json()) as { isWritable: unknown }).isWritable;
  return { app, url, isWritable };
}

it('takes its rules from a factory, and lets guards have what their modules export', async () => {
  const { app, url, isWritable } = await started(
    DashboardModule.forRootAsync({
      path: '/a/b/',
      guards: [DoorGuard],
      imports: [DoorModule],
      useFactory: () => Promise.resolve({ write: true }),
    }),
  );
  expect(await isWritable('a/b')).toBe(true);
  expect((await fetch(`${url}/a/b`)).status).toBe(200);
  expect(app.get(WorkersAdmin, { strict: false })).toBeInstanceOf(WorkersAdmin);
  app.get(Doorkeeper, { strict: false }).isOpen = false;
  expect((await fetch(`${url}/a/b`)).status).toBe(403);
});

it('gives two applications that share its declaration rules of their own', async () => {
  let asked = 0;
  const dashboard = DashboardModule.forRootAsync({ guards: [], useFactory: () => ({ write: asked++ === 0 }) });
  const [first, second] = [await started(dashboard), await started(dashboard)];
  expect([await first.isWritable('workers'), await second.isWritable('workers')]).toEqual([true, false]);
});

it('has page, files and API where it is mounted in an application with versions', async () => {
  const { url, isWritable } = await started(DashboardModule.forRoot({ guards: [] }), (app) =>
    app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' }),
  );
  expect(await isWritable('workers')).toBe(false);
  expect(await statusOfScript(`${url}/workers`)).toBe(200);
});

it('finds its files at the root of a global prefix', async () => {
  const { url } = await started(DashboardModule.forRoot({ path: '/', guards: [] }), (app) =>
    app.setGlobalPrefix('api/v1'),
  );
  expect(await statusOfScript(`${url}/api/v1`)).toBe(200);
  expect(await statusOfScript(`${url}/api/v1/`)).toBe(200);
});

async function statusOfScript(page: string): Promise<number> {
  const [, script = ''] = /src="([^"]+main\.js)"/.exec(await (await fetch(page)).text()) ?? [];
  return (await fetch(new URL(script, page))).status;
}

it('sends a policy that lets nothing run but its own files', async () => {
  const { url } = await started(DashboardModule.forRoot({ guards: [] }));
  const { headers } = await fetch(`${url}/workers`);
  expect(headers.get('content-security-policy')?.split('; ')).toEqual([
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `img-src 'self'`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ]);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
});

it('refuses options that it does not know, before the application starts', async () => {
  const options = { guards: [], writes: true } as DashboardModuleOptions & { guards: [] };
  const compiling = Test.createTestingModule({
    imports: [WorkersModule.forRoot({}), DashboardModule.forRoot(options)],
  })
    .setLogger({ log: () => {}, warn: () => {}, error: () => {} })
    .compile();
  await expect(compiling).rejects.toThrow('dashboard.writes: unknown option. Did you mean "write"?');
});
