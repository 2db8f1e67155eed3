import { open } from 'node:fs/promises';
import { codeOf } from './codeOf.js';

/** Where directories cannot be synced (Windows, some network file systems) renames are as safe as they are. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  } finally {
    await handle.close();
  }
}

function isUnsupported(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EINVAL' || code === 'ENOTSUP';
}
