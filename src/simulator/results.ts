import type { Task } from './life.js';

export interface World {
  /** The wall time at 0 ms of the model's clock. */
  readonly epochAtMs: number;
  /** Where result files are said to be. */
  readonly filesUrl: string;
}

/** What a task that succeeds leaves. */
export interface ResultFile {
  readonly id: string;
  readonly type: 'video' | 'image';
  readonly url: string;
  /** The length of a video; 0 for an image. */
  readonly seconds: number;
}

/** The results of a task, each with its URL: `/files/<task>.mp4`, or `/files/<task>-<index>.png` for each image. */
export function filesOf({ id, order }: Task, { filesUrl }: World): readonly ResultFile[] {
  if (order.images === 0) {
    return [{ id: `v${id}`, type: 'video', url: `${filesUrl}/files/${id}.mp4`, seconds: order.seconds }];
  }
  return Array.from({ length: order.images }, (_, index) => ({
    id: `i${id}-${index}`,
    type: 'image',
    url: `${filesUrl}/files/${id}-${index}.png`,
    seconds: 0,
  }));
}
