/** What every program needs to run as the user it runs as, and to know how it is run. Nothing secret is among them. */
const ALWAYS = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'TMP',
  'TEMP',
  'TZ',
  'LANG',
  'LANGUAGE',
  'NODE_ENV',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'FORCE_COLOR',
  'NO_COLOR',
  // Windows.
  'SystemRoot',
  'SYSTEMROOT',
  'windir',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
];

/** The environment of an isolate: what every program needs, what is named in `pass`, and `set` over both. */
export function environment(
  { pass = [], set = {} }: { readonly pass?: readonly string[]; readonly set?: Readonly<Record<string, string>> },
  host: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const passed = [...ALWAYS, ...pass].flatMap((name) => {
    const value = host[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const locale = Object.entries(host).filter(([name]) => name.startsWith('LC_')) as [string, string][];
  return { ...Object.fromEntries([...locale, ...passed]), ...set };
}
