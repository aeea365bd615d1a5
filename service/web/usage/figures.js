/** The figures of usage, day by day. */

const DAY = 86_400_000;

/** The last `count` days up to today, as `2026-05-04`: the service's days are UTC's. @param {number} [now] */
export function lastDays(count, now = Date.now()) {
  return Array.from({ length: count }, (_, place) => new Date(now - (count - 1 - place) * DAY).toISOString().slice(0, 10));
}

/**
 * A value for each day, null where nothing was called.
 *
 * @param {string[]} days
 * @param {{day: string}[]} rows
 * @param {(row: object) => number | null} value
 */
export function byDay(days, rows, value) {
  const known = new Map(rows.map((row) => [row.day, row]));
  return days.map((day) => (known.has(day) ? value(known.get(day)) : null));
}
