/** What the page shows, as it stands behind the `#` of its address: to be sent, kept and gone back to. */
export type Route =
  | { readonly chapter: 'overview' | 'happenings' }
  | { readonly chapter: 'channel' | 'worker' | 'ticker' | 'letter' | 'workflow'; readonly name: string }
  | { readonly chapter: 'letters'; readonly channel: string | undefined }
  | { readonly chapter: 'instance'; readonly name: string; readonly id: string };

const NAMED = {
  channels: 'channel',
  workers: 'worker',
  tickers: 'ticker',
  letters: 'letter',
  workflows: 'workflow',
} as const;

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [place = '', name, id] = path.split('/').map(decoded);
  if (place === 'happenings') return { chapter: 'happenings' };
  if (place === 'letters' && name === undefined)
    return { chapter: 'letters', channel: new URLSearchParams(query).get('channel') ?? undefined };
  if (name === undefined || !Object.hasOwn(NAMED, place)) return { chapter: 'overview' };
  if (place === 'workflows' && id !== undefined) return { chapter: 'instance', name, id };
  return { chapter: NAMED[place as keyof typeof NAMED], name };
}

export function hashOf(route: Route): string {
  const to = encodeURIComponent;
  switch (route.chapter) {
    case 'overview':
      return '#/';
    case 'happenings':
      return '#/happenings';
    case 'letters':
      return route.channel === undefined ? '#/letters' : `#/letters?channel=${to(route.channel)}`;
    case 'instance':
      return `#/workflows/${to(route.name)}/${to(route.id)}`;
    default:
      return `#/${route.chapter}s/${to(route.name)}`;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
