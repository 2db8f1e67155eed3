import { InvalidArgumentError, Option } from 'commander';
import { OptionsError } from '../src/errors.js';
import { parseCount, parseCountOrAuto, parseCredits, parseRate } from './units.js';
import { UsageError } from './usageError.js';

/** Hands a flag's value to `parse`, and its complaint to commander, which puts the name of the flag before it. */
export function reading<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof UsageError || error instanceof OptionsError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/**
 * The flags that say what an account may do, which commands have in common.
 *
 * @param canAsk true: `auto` is a number of tasks, too, and the day is that of a zone
 */
export function figureFlags({ canAsk = false } = {}): readonly Option[] {
  return [
    new Option('--tier <tier>', 'what the account may do')
      .choices(['free', 'standard', 'pro', 'enterprise'])
      .default('standard'),
    new Option('--rate <rate>', "requests in any such time, like 30/60s; or off (default: the tier's)").argParser(
      reading(parseRate),
    ),
    canAsk
      ? new Option('--concurrent <n>', "tasks at once; auto: ask the account (default: the tier's)").argParser(
          reading(parseCountOrAuto),
        )
      : new Option('--concurrent <n>', "tasks at once (default: the tier's)").argParser(reading(parseCount)),
    new Option(
      '--daily-credits <n>',
      `credits a day (${canAsk ? 'of --time-zone' : 'UTC'}); or off (default: the tier's)`,
    ).argParser(reading(parseCredits)),
  ];
}
