import { ServiceUnavailableException } from '@nestjs/common';
import { finalize, type Observable } from 'rxjs';
import type { WorkersAdmin } from '../admin/workers.admin.js';

/**
 * How many watch an application at one mount. A controller cannot count them: behind a guard that is made for each request, so is the
 * controller; and a module that is declared once may be part of two applications.
 */
export class Watchers {
  private readonly counts = new WeakMap<WorkersAdmin, number>();

  /** `stream`, counted until it ends or whoever watches goes. @throws ServiceUnavailableException where `most` watch already */
  admit<T>(admin: WorkersAdmin, most: number, stream: () => Observable<T>): Observable<T> {
    if (this.of(admin) >= most) throw new ServiceUnavailableException(`${most} watch already`);
    this.counts.set(admin, this.of(admin) + 1);
    return stream().pipe(finalize(() => this.counts.set(admin, this.of(admin) - 1)));
  }

  private of(admin: WorkersAdmin): number {
    return this.counts.get(admin) ?? 0;
  }
}
