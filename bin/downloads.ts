import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { catchError, defer, EMPTY, lastValueFrom, Subject, tap, type Observable } from 'rxjs';
import type { Dispatcher } from 'undici';
import { concurrencyLimit, OptionsError, retryWithJitter, type TaskOutput } from '../operators/index.js';
import { classifyDownload, download } from '../src/http/index.js';
import { messageOf } from './text.js';
import { UsageError } from './usageError.js';

/** What has been made of one prompt. */
export interface Made {
  /** The place of the prompt, from 0. */
  readonly index: number;
  /** The external id. */
  readonly id: string;
  readonly outputs: readonly TaskOutput[];
}

/** What became of one output. */
export type DownloadEvent = { readonly index: number; readonly id: string; readonly file: string } & (
  { readonly type: 'saved' } | { readonly type: 'unsaved'; readonly url: string; readonly message: string }
);

/** How many outputs there are to save, and how it went with them. */
export interface DownloadCounts {
  readonly total: number;
  /** Those that earlier runs have saved included. */
  readonly saved: number;
  readonly earlier: number;
  readonly failed: number;
}

/** Where files go, and where they may come from. */
export interface DownloadPlace {
  readonly directory: string;
  /** True: over TLS alone, as Kling itself is spoken to. So nobody's word leads to what listens within our own network. */
  readonly httpsOnly: boolean;
  /** What leads there, where it is not the usual. */
  readonly dispatcher?: Dispatcher | undefined;
}

interface Job {
  readonly index: number;
  readonly id: string;
  readonly url: string;
  readonly file: string;
}

const atOnce = 4;
/** Far more than a video of some seconds takes: what is longer is none. */
const maxBytes = 2 ** 32;
const mediaNames = /\.(mp4|mov|webm|png|jpe?g|webp|gif)$/i;

/** Saves what tasks have made, a few files at once, beside the run that makes more. What is there already stays. */
export class Downloads {
  readonly directory: string;
  readonly #httpsOnly: boolean;
  readonly #dispatcher: Dispatcher | undefined;
  readonly #observer: (event: DownloadEvent) => void;
  readonly #jobs = new Subject<Job>();
  readonly #over: Promise<unknown>;
  /** What is there or on its way, by its name less the place of its prompt, which may have moved. */
  readonly #names: Set<string>;
  readonly #counts = { total: 0, saved: 0, earlier: 0, failed: 0 };

  /** @throws UsageError where `directory` cannot be made */
  constructor({ directory, httpsOnly, dispatcher }: DownloadPlace, observer: (event: DownloadEvent) => void) {
    this.directory = directory;
    this.#httpsOnly = httpsOnly;
    this.#dispatcher = dispatcher;
    this.#observer = observer;
    this.#names = new Set(namesIn(directory).map(withoutPlace));
    const saving = this.#jobs.pipe(
      concurrencyLimit((job, _, { signal }) => this.#save(job, signal), { limit: atOnce }),
    );
    this.#over = lastValueFrom(saving, { defaultValue: undefined });
  }

  get counts(): DownloadCounts {
    return { ...this.#counts };
  }

  /** Those of its outputs that are not there yet will be saved. */
  add({ index, id, outputs }: Made): void {
    outputs.forEach(({ url, type }, place) => {
      const name = `${id}${outputs.length > 1 ? `-${place + 1}` : ''}.${extensionOf(url, type)}`;
      this.#counts.total += 1;
      if (this.#names.has(name)) {
        this.#counts.saved += 1;
        this.#counts.earlier += 1;
        return;
      }
      this.#names.add(name);
      this.#jobs.next({ index, id, url, file: join(this.directory, `${placeName(index)}-${name}`) });
    });
  }

  /** There will be no more of them; resolves once all is saved that can be. */
  async finish(): Promise<void> {
    this.#jobs.complete();
    await this.#over;
  }

  #save({ index, id, url, file }: Job, signal: AbortSignal): Observable<unknown> {
    const fetch = (): Promise<unknown> => {
      if (this.#httpsOnly && !/^https:/i.test(url))
        throw new OptionsError("it is not https, as Kling's address is", 'url');
      return download({ url, file, signal, maxBytes, dispatcher: this.#dispatcher });
    };
    return defer(fetch).pipe(
      retryWithJitter({ classify: classifyDownload }),
      tap(() => {
        this.#counts.saved += 1;
        this.#observer({ type: 'saved', index, id, file });
      }),
      catchError((error: unknown) => {
        this.#counts.failed += 1;
        this.#observer({ type: 'unsaved', index, id, file, url, message: messageOf(error) });
        return EMPTY;
      }),
    );
  }
}

/** Four digits, so that names are in the order of the prompts and stay the same as the file grows. */
function placeName(index: number): string {
  return String(index + 1).padStart(4, '0');
}

function withoutPlace(name: string): string {
  return name.replace(/^\d+-/, '');
}

function namesIn(directory: string): readonly string[] {
  try {
    mkdirSync(directory, { recursive: true });
    return readdirSync(directory);
  } catch (error) {
    throw new UsageError(`${directory} cannot be written (${messageOf(error)}): choose another for --download`, {
      cause: error,
    });
  }
}

/** That of a video or an image, so that nothing else is saved under it. */
function extensionOf(url: string, type: TaskOutput['type']): string {
  const [, extension] = mediaNames.exec(URL.canParse(url) ? new URL(url).pathname : '') ?? [];
  return extension?.toLowerCase() ?? (type === 'video' ? 'mp4' : 'png');
}
