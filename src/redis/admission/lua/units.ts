import { rounding } from '../../../limits/fits.js';

/** The kinds of limits, by the names of their figures; and what most of them count: units of work that runs. */
export const units = String.raw`
local kinds = {}

local function excess(sum, limit) return sum - limit * (1 + ${rounding}) end

local function fits(sum, limit) return excess(sum, limit) <= 0 end

local function startUnits(at, units)
  set(at .. 'works', num(at .. 'works') + 1)
  set(at .. 'units', num(at .. 'units') + units)
end

-- Sums of fractions drift: while nothing runs they are exactly none.
local function endUnits(at, units)
  local works = num(at .. 'works') - 1
  set(at .. 'works', math.max(works, 0))
  set(at .. 'units', works <= 0 and 0 or num(at .. 'units') - units)
end
`;
