import { join } from 'node:path';
import { type Configuration, type ExternalItem, rspack } from '@rspack/core';

/**
 * Bundles an application as the Nest CLI does with its builder `rspack`: what is a file of the application goes into the bundle, packages
 * stay outside.
 */
export async function bundle(app: string, entry: Record<string, string>, format: 'module' | 'commonjs'): Promise<void> {
  const isModule = format === 'module';
  const configuration: Configuration = {
    context: app,
    entry,
    target: 'node',
    mode: 'none',
    devtool: false,
    output: {
      path: join(app, 'dist'),
      filename: '[name].js',
      ...(isModule
        ? { module: true, library: { type: 'module' }, chunkFormat: 'module', chunkLoading: 'import' }
        : { library: { type: 'commonjs2' } }),
    },
    externals: [packages(format)],
    externalsPresets: { node: !isModule },
    module: { rules: [{ test: /\.ts$/, use: [SWC], ...(isModule ? { type: 'javascript/esm' as const } : {}) }] },
    resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
    optimization: { nodeEnv: false },
    node: { __filename: false, __dirname: false },
  };
  const compiler = rspack(configuration);
  const stats = await new Promise<string>((resolve, reject) => {
    compiler.run((error, result) =>
      error === null ? resolve(result?.toString({ all: false, errors: true }) ?? '') : reject(error),
    );
  });
  await new Promise((resolve) => compiler.close(resolve));
  if (stats !== '') throw new Error(stats);
}

function packages(format: 'module' | 'commonjs'): ExternalItem {
  return ({ request = '' }, callback) => {
    if (/^[./]/.test(request)) callback();
    else callback(undefined, `${format} ${request}`);
  };
}

const SWC = {
  loader: 'builtin:swc-loader',
  options: {
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2021',
    },
  },
};
