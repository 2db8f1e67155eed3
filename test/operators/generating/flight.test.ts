import { expect, it } from 'vitest';
import { Flight } from '../../../operators/generating/flight.js';

it('a poll on its way is aborted once the last has left whom it asks for', () => {
  const flight = new Flight(['a', 'b'].map((id) => ({ product: '', id })));
  for (const id of ['a', 'a', 'c']) {
    flight.leave(id);
    expect(flight.signal.aborted).toBe(false);
  }
  flight.leave('b');
  expect(flight.signal.aborted).toBe(true);
});
