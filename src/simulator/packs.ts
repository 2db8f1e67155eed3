/** What is in the one pack of the account, in units. */
const packQuantity = 1_000;

/** What the account page answers: a pack whose name tells the number of slots. */
export function packsData(slots: number, spent: number): object {
  return {
    code: 0,
    msg: 'SUCCEED',
    resource_pack_subscribe_infos: [
      {
        resource_pack_name: `Trial-Video-${packQuantity}Units-${slots}Con-1Months`,
        resource_pack_id: 'sim-pack-1',
        resource_pack_type: 'decreasing_total',
        total_quantity: packQuantity,
        remaining_quantity: Math.max(0, packQuantity - spent),
        status: 'online',
      },
    ],
  };
}
