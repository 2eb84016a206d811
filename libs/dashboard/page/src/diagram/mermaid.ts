/** A state diagram: states by their labels, and the ways between them. Where it begins and ends is a state without a label. */
export interface Diagram {
  readonly states: readonly { readonly id: string; readonly label: string }[];
  readonly ways: readonly { readonly from: string; readonly to: string; readonly said: string }[];
}

export const [BEGIN, END] = ['[begin]', '[end]'];

/** Reads what `Workflows.diagram` writes: `state "label" as s1`, and `s1 --> s2: what was given / what happened (3)`. */
export function readDiagram(mermaid: string): Diagram {
  const states: { id: string; label: string }[] = [];
  const ways: { from: string; to: string; said: string }[] = [];
  for (const line of mermaid.split('\n')) {
    const state = /^\s*state "(.*)" as (\w+)\s*$/.exec(line);
    if (state !== null) states.push({ label: state[1] as string, id: state[2] as string });
    const way = /^\s*(\[\*\]|\w+) --> (\[\*\]|\w+)(?::\s*(.*))?$/.exec(line);
    if (way === null) continue;
    const [, from = '', to = '', said = ''] = way;
    const event = from === '[*]' ? 'begins ' : to === '[*]' ? 'completes ' : '';
    ways.push({ from: from === '[*]' ? BEGIN : from, to: to === '[*]' ? END : to, said: `${event}${said}`.trim() });
  }
  const ends = [BEGIN, END].filter((id) => ways.some(({ from, to }) => from === id || to === id));
  return { states: [...states, ...ends.map((id) => ({ id, label: '' }))], ways };
}
