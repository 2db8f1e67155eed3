import fc from 'fast-check';
import { runs } from './runs.js';

// An array of at most 300 has up to 300, not up to the 10 of the default size.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true, ...runs(100) });
