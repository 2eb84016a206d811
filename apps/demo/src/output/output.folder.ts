import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the run writes: one folder, and these names in it. Nothing outside is touched, nothing in it is deleted. */
export class OutputFolder {
  private constructor(readonly path: string) {}

  /** Makes the folder `asked` names, or a new temporary one of which two runs never share. */
  static async open(asked: string | undefined): Promise<OutputFolder> {
    const folder = new OutputFolder(asked ?? (await mkdtemp(join(tmpdir(), 'photo-pipeline-'))));
    for (const room of [folder.drawings, folder.uploads, folder.thumbnails, folder.previews]) {
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

  get contactSheet(): string {
    return join(this.path, 'contact-sheet.jpg');
  }
}
