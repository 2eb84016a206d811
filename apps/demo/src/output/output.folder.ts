import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the run writes: one folder, and these names in it. Nothing outside is touched, nothing in it is deleted. A later run that is given
 * the same folder goes on from what lies there.
 */
export class OutputFolder {
  private constructor(readonly path: string) {}

  /** Makes the folder `asked` names, or a new temporary one of which two runs never share. */
  static async open(asked: string | undefined): Promise<OutputFolder> {
    const folder = new OutputFolder(asked ?? (await mkdtemp(join(tmpdir(), 'photo-pipeline-'))));
    for (const room of folder.rooms) {
      await mkdir(room, { recursive: true });
    }
    return folder;
  }

  get drawings(): string {
    return join(this.path, 'drawings');
  }

  get uploads(): string {
    return join(this.path, 'uploads');
  }

  get thumbnails(): string {
    return join(this.path, 'thumbnails');
  }

  get previews(): string {
    return join(this.path, 'previews');
  }

  /** Thumbnails that are made and not yet stored. */
  get prints(): string {
    return join(this.path, 'prints');
  }

  /** A record of each thumbnail that is stored. */
  get shelf(): string {
    return join(this.path, 'shelf');
  }

  /** A slip for each order that was shipped. */
  get parcels(): string {
    return join(this.path, 'parcels');
  }

  get outbox(): string {
    return join(this.path, 'outbox.db');
  }

  get contactSheet(): string {
    return join(this.path, 'contact-sheet.jpg');
  }

  /** Where everything of one picture lies. */
  placesFor(id: string): { readonly printPath: string; readonly thumbnailPath: string; readonly previewPath: string } {
    const file = `${id}.jpg`;
    return {
      printPath: join(this.prints, file),
      thumbnailPath: join(this.thumbnails, file),
      previewPath: join(this.previews, file),
    };
  }

  private get rooms(): readonly string[] {
    return [this.drawings, this.uploads, this.prints, this.thumbnails, this.previews, this.shelf, this.parcels];
  }
}
