/**
 * The few things that a journal asks of a file system. What is written survives the process at once, and the machine as
 * soon as it is synced: a file's bytes by `DiskFile.sync`, which files there are by `syncDirectory`.
 */
export interface Disk {
  /** Makes a directory and those above it where there are none, and sees to it that they survive a crash. */
  makeDirectory(path: string): Promise<void>;
  /** The bytes of a file; undefined where there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Opens a file to write at its end, and makes it where there is none. */
  open(path: string): Promise<DiskFile>;
  /** Gives a file another name, in the place of the file that had it: at a stroke. */
  rename(from: string, to: string): Promise<void>;
  /** Does nothing where there is no such file. */
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes a lock for this process, which it loses with its end at the latest. Does not wait.
   *
   * @throws (rejects with) JournalLockedError where any process has it, this one included
   */
  lock(path: string): Promise<Unlock>;
}

/** Gives a lock back. */
export type Unlock = () => Promise<void>;

export interface DiskFile {
  /** Writes at the end, and says how many of the bytes it has taken: at least one. */
  append(bytes: Uint8Array): Promise<number>;
  /** Once it has failed, nobody knows what is on disk, and no later one will tell. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}
