/**
 * What is sent to `POST /json` and comes back: a page of orders, as an application would have it, of exactly 16 kB.
 */

const BYTES = 16 * 1024

/** The order with this number: text, whole and broken numbers, a boolean, null, a list, an object. */
function order(id: number): object {
  return {
    id,
    customer: `customer-${id % 17}@example.org`,
    placed: `2024-05-${String((id % 28) + 1).padStart(2, '0')}T08:30:00Z`,
    total: (id * 7_919) / 100,
    isPaid: id % 3 !== 0,
    coupon: null,
    items: [
      { sku: `A-${id * 31}`, count: 1 + (id % 4) },
      { sku: `B-${id * 37}`, count: 1 },
    ],
  }
}

/** ASCII only, so that characters are bytes; the last member fills up to the size. */
export const JSON_16K: string = (() => {
  const orders: object[] = []
  const sized = (note: string) => JSON.stringify({ orders, note })
  while (sized('').length + JSON.stringify(order(orders.length)).length < BYTES)
    orders.push(order(orders.length))
  return sized('.'.repeat(BYTES - sized('').length))
})()
