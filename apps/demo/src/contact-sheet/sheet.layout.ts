/** Where everything lies on a contact sheet: strips of film on paper, one row of pictures on each. All in pixels. */
export const CELL = { width: 240, height: 180 } as const;
const GAP = 12;
const PERFORATION = { strip: 24, width: 12, height: 10, every: 28 } as const;
const PAPER = '#f3efe6';
const FILM = '#161412';

export interface SheetLayout {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  /** The upper left corner of each picture. */
  readonly cells: readonly { readonly left: number; readonly top: number }[];
  /** Paper and film, as an SVG. */
  readonly film: string;
}

export function layOut(pictures: number): SheetLayout {
  const columns = Math.ceil(Math.sqrt(pictures));
  const rows = Math.ceil(pictures / columns);
  const stripHeight = CELL.height + 2 * PERFORATION.strip;
  const width = columns * (CELL.width + GAP) + GAP;
  const height = rows * (stripHeight + GAP) + GAP;
  const stripTop = (row: number): number => GAP + row * (stripHeight + GAP);
  const cells = Array.from({ length: pictures }, (_, nth) => ({
    left: GAP + (nth % columns) * (CELL.width + GAP),
    top: stripTop(Math.floor(nth / columns)) + PERFORATION.strip,
  }));
  const strips = Array.from({ length: rows }, (_, row) => strip(width, stripTop(row), stripHeight));
  const film = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <pattern id="holes" width="${PERFORATION.every}" height="${PERFORATION.strip}" patternUnits="userSpaceOnUse" patternTransform="translate(8 0)">
        <rect x="8" y="7" width="${PERFORATION.width}" height="${PERFORATION.height}" rx="3" fill="${PAPER}"/>
      </pattern>
    </defs>
    <rect width="100%" height="100%" fill="${PAPER}"/>
    ${strips.join('\n    ')}
  </svg>`;
  return { width, height, columns, cells, film };
}

function strip(width: number, top: number, height: number): string {
  const holes = (at: number): string =>
    `<g transform="translate(0 ${at})"><rect width="${width}" height="${PERFORATION.strip}" fill="url(#holes)"/></g>`;
  return (
    `<rect y="${top}" width="${width}" height="${height}" fill="${FILM}"/>` +
    holes(top) +
    holes(top + height - PERFORATION.strip)
  );
}
