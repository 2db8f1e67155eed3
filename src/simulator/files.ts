export interface FakeFile {
  readonly type: 'video/mp4' | 'image/png';
  readonly bytes: Uint8Array;
}

/** The file of a result, by the path it is handed out under: bytes that say which one it is, and no real film. */
export function fileAt(path: string): FakeFile | undefined {
  const [, name, extension] = /^\/files\/([\w-]+)\.(mp4|png)$/.exec(path) ?? [];
  if (name === undefined) return undefined;
  const type = extension === 'mp4' ? 'video/mp4' : 'image/png';
  return { type, bytes: new TextEncoder().encode(`a simulated ${type} of task ${name}\n`) };
}
