/** What is in the pack that pays, in units. */
const packQuantity = 1_000;

/**
 * What the account page answers: three packs whose names tell a number of slots, of which only the last holds here. One
 * has run out, however many slots it had; one is for images, which hold the slots of the others in this model.
 */
export function packsData(slots: number, spent: number): object {
  const used = { name: `Trial-Video-500Units-${slots + 7}Con-1Months`, units: 500, left: 120, status: 'expired' };
  const images = { name: `Trial-Image-2000Units-${slots + 4}Con-3Months`, units: 2_000, left: 2_000, status: 'online' };
  const name = `Trial-Video-${packQuantity}Units-${slots}Con-1Months`;
  const left = Math.max(0, packQuantity - spent);
  const packs = [used, images, { name, units: packQuantity, left, status: 'online' }];
  return { code: 0, msg: 'SUCCEED', resource_pack_subscribe_infos: packs.map(packInfo) };
}

interface Pack {
  readonly name: string;
  readonly units: number;
  readonly left: number;
  readonly status: string;
}

function packInfo({ name, units, left, status }: Pack, index: number): object {
  return {
    resource_pack_name: name,
    resource_pack_id: `sim-pack-${index + 1}`,
    resource_pack_type: 'decreasing_total',
    total_quantity: units,
    remaining_quantity: left,
    status,
  };
}
