/** The house from the top down: a file imports its own floor or a lower one. */
export const floors: readonly (readonly string[])[];
