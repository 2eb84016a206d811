import type { Socket } from 'node:net';

/** Calls back for each line of JSON that arrives. The pieces of a long line are joined once, when its end is there. */
export function eachLine(socket: Socket, take: (value: unknown) => void): void {
  let pieces: string[] = [];
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      pieces.push(chunk.slice(from, end));
      const line = pieces.length === 1 ? pieces[0]! : pieces.join('');
      pieces = [];
      from = end + 1;
      take(JSON.parse(line));
    }
    if (from < chunk.length) pieces.push(chunk.slice(from));
  });
}

export function writeLine(socket: Socket, value: unknown): void {
  socket.write(`${JSON.stringify(value)}\n`);
}
