import type { GenerateError } from 'sluice';

/** What people are told of a failure: what happened, and what they can do. The API's own words are for the log. */
export function inWords({ meaning, code }: GenerateError): string {
  if (code === 'SLUICE_TASK_LOST') return 'The service does not know this video any more. You can try again.';
  switch (meaning) {
    case 'policy':
      return 'The prompt was refused by the content rules. Say it differently and try again.';
    case 'invalid':
      return 'The prompt cannot be made into a video as it is. Change it and try again.';
    case 'failed':
      return 'The video could not be made, and nothing was charged. You can try again.';
    case 'exhausted':
      return 'The credits of this account are used up. Nothing was sent; try again once there are more.';
    case 'account':
    case 'auth-stale':
      return 'There is a problem with the account. Nothing is lost; whoever runs this page has to see to it.';
    case 'overdue':
      return 'This has taken more than an hour, and is not waited for any more. Try again, or with another prompt.';
    case 'ambiguous':
      return 'The answer got lost on the way. It is looked for, and not made twice.';
    case 'too-fast':
    case 'no-slot':
      return 'The service is too busy at the moment. Try again in a few minutes.';
    default:
      return 'The service could not be reached. Try again in a few minutes.';
  }
}
