interface Part {
  readonly name: string;
  readonly mutate: string[];
  readonly tests: string[];
  readonly without?: string[];
}

export declare const parts: readonly Part[];
export declare const part: Part;
